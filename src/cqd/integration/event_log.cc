#include "integration/event_log.h"

#include <algorithm>

namespace cqd::integration {
namespace {

/// The text of the member `stage` of an object, or "". Our own bodies are valid JSON, and the names
/// of stages need no escapes, so a look at strings and depth is enough; a body that breaks this
/// only passes fewer filters.
std::string StageOf(std::string_view data) {
  int depth = 0;
  bool is_key = false;
  bool found = false;
  for (std::size_t at = 0; at < data.size(); ++at) {
    const char c = data[at];
    if (c == '{' || c == '[') {
      ++depth;
      is_key = c == '{';
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ',') {
      is_key = true;
      found = false;
    } else if (c == '"') {
      std::size_t end = at + 1;
      while (end < data.size() && data[end] != '"') end += data[end] == '\\' ? 2 : 1;
      if (end >= data.size()) return {};
      const std::string_view text = data.substr(at + 1, end - at - 1);
      if (depth == 1 && found) return std::string(text);
      found = depth == 1 && is_key && text == "stage";
      is_key = false;
      at = end;
    }
  }
  return {};
}

}  // namespace

Status EventLog::Load(sqlite::Database& database) {
  CQD_ASSIGN_OR_RETURN(const auto given,
                       database.QueryInt("SELECT seq FROM sqlite_sequence WHERE name='event'"));
  CQD_ASSIGN_OR_RETURN(
      sqlite::Statement statement,
      database.Prepare("SELECT id, at, type, data FROM event ORDER BY id DESC LIMIT ?"));
  statement.BindInt(1, static_cast<std::int64_t>(kKept));
  const std::lock_guard guard(mutex_);
  kept_.clear();
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) break;
    kept_.push_front(std::make_shared<const Event>(
        Event{statement.Int(0), FromMicros(statement.Int(1)), std::string(statement.Text(2)),
              std::string(statement.Text(3)), StageOf(statement.Text(3))}));
  }
  pending_.clear();
  next_id_ = given.value_or(0) + 1;
  newest_id_.store(given.value_or(0), std::memory_order_release);
  return OkStatus();
}

Status EventLog::Add(sqlite::Database& database, UtcTime at, std::string_view type,
                     std::string data) {
  const std::int64_t id = next_id_ + static_cast<std::int64_t>(pending_.size());
  std::string stage = StageOf(data);
  auto event = std::make_shared<const Event>(
      Event{id, at, std::string(type), std::move(data), std::move(stage)});
  CQD_ASSIGN_OR_RETURN(sqlite::Statement insert,
                       database.Prepare("INSERT INTO event(id, at, type, data) VALUES(?,?,?,?)"));
  insert.BindInt(1, id).BindInt(2, ToMicros(at)).BindText(3, type).BindText(4, event->data);
  CQD_RETURN_IF_ERROR(insert.Run());
  // Trimmed now and then, so that the file holds what memory holds and a little more.
  if (id % 256 == 0) {
    CQD_ASSIGN_OR_RETURN(sqlite::Statement trim, database.Prepare("DELETE FROM event WHERE id<=?"));
    trim.BindInt(1, id - static_cast<std::int64_t>(kKept));
    CQD_RETURN_IF_ERROR(trim.Run());
  }
  pending_.push_back(std::move(event));
  return OkStatus();
}

void EventLog::Publish() {
  if (pending_.empty()) return;
  next_id_ = pending_.back()->id + 1;
  {
    const std::lock_guard guard(mutex_);
    for (auto& event : pending_) kept_.push_back(std::move(event));
    while (kept_.size() > kKept) kept_.pop_front();
    newest_id_.store(next_id_ - 1, std::memory_order_release);
  }
  pending_.clear();
  const std::lock_guard guard(watch_mutex_);
  for (const auto& [id, wake] : watches_) wake();
}

void EventLog::Discard() {
  pending_.clear();
}

std::shared_ptr<const void> EventLog::Watch(std::function<void()> wake) const {
  const std::lock_guard guard(watch_mutex_);
  const std::int64_t id = ++next_watch_;
  watches_.emplace_back(id, std::move(wake));
  return {this, [id](const void* log) {
            const auto& self = *static_cast<const EventLog*>(log);
            const std::lock_guard held(self.watch_mutex_);
            std::erase_if(self.watches_, [id](const auto& watch) { return watch.first == id; });
          }};
}

EventPage EventLog::After(std::int64_t after, std::size_t most) const {
  EventPage page;
  const std::lock_guard guard(mutex_);
  const std::int64_t newest = newest_id_.load(std::memory_order_relaxed);
  const std::int64_t oldest = kept_.empty() ? newest + 1 : kept_.front()->id;
  if (after > newest || after < oldest - 1) {
    page.reset = true;
    return page;
  }
  const auto first = std::upper_bound(
      kept_.begin(), kept_.end(), after,
      [](std::int64_t id, const std::shared_ptr<const Event>& event) { return id < event->id; });
  for (auto event = first; event != kept_.end() && page.events.size() < most; ++event)
    page.events.push_back(*event);
  return page;
}

}  // namespace cqd::integration
