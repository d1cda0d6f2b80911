#include "cube/internal/answer_cache.h"

#include <chrono>
#include <exception>

namespace cqd::cube {
namespace {

/// How often somebody who waits looks at his cancel token; half of what CancelToken promises.
constexpr std::chrono::milliseconds kCancelPoll{50};

Result<Answer> MakeSafely(const std::function<Result<Answer>()>& make) {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    return Fail(ErrorCode::kResourceExhausted, "the answer does not fit into memory");
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kInternal, "the query failed", error.what());
  }
}

}  // namespace

std::int64_t Answer::Bytes() const {
  std::size_t bytes = sizeof(Answer);
  for (const ResultTable::Row& row : table.rows) {
    bytes += sizeof row + row.cells.capacity() * sizeof(Cell);
    for (const std::string& caption : row.captions)
      bytes += sizeof(std::string) + caption.capacity();
  }
  for (const model::Member& member : members) {
    bytes += sizeof member + member.key.capacity() + member.caption.capacity();
  }
  return static_cast<std::int64_t>(bytes);
}

AnswerCache::Found AnswerCache::GetOrMake(const Question& question,
                                          const std::function<Result<Answer>()>& make) {
  const std::string key = std::to_string(question.version) + '/' + question.text;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (const auto kept = index_.find(key); kept != index_.end() && !question.bypass) {
      entries_.splice(entries_.begin(), entries_, kept->second);
      ++statistics_.hits;
      return {kept->second->answer, true};
    }
    const auto running = flights_.find(key);
    if (running == flights_.end()) return Compute(question, key, make, lock);

    const std::shared_ptr<Flight> flight = running->second;
    while (!flight->done) {
      flight->landed.wait_for(lock, kCancelPoll);
      if (question.cancel != nullptr && question.cancel->cancelled()) {
        return {question.cancel->Check().error(), false};
      }
    }
    if (flight->answer.ok() || flight->answer.error().code != ErrorCode::kCancelled) {
      ++statistics_.shared;
      return {flight->answer, true};
    }
  }
}

AnswerCache::Found AnswerCache::Compute(const Question& question, const std::string& key,
                                        const std::function<Result<Answer>()>& make,
                                        std::unique_lock<std::mutex>& lock) {
  const auto flight = std::make_shared<Flight>();
  flights_.emplace(key, flight);
  ++statistics_.misses;
  const std::int64_t generation = generation_;
  lock.unlock();

  Result<Answer> made = MakeSafely(make);
  Result<SharedAnswer> answer = SharedAnswer();
  if (made.ok()) {
    answer = std::make_shared<const Answer>(*std::move(made));
  } else {
    answer = made.error();
  }

  lock.lock();
  if (answer.ok() && generation == generation_) Keep(key, question.version, *answer);
  flight->answer = answer;
  flight->done = true;
  flights_.erase(key);
  flight->landed.notify_all();
  return {answer, false};
}

void AnswerCache::Keep(const std::string& key, std::int64_t version, const SharedAnswer& answer) {
  if (version < newest_version_) return;
  if (version > newest_version_) {
    DropAll();
    newest_version_ = version;
  }
  if (const auto old = index_.find(key); old != index_.end()) {
    statistics_.bytes -= old->second->bytes;
    entries_.erase(old->second);
    index_.erase(old);
  }
  // The key is stored twice, in the list and in the index.
  const std::int64_t bytes = answer->Bytes() + 2 * static_cast<std::int64_t>(key.size()) + 128;
  if (bytes > bytes_max_) return;
  entries_.push_front({key, answer, bytes});
  index_[key] = entries_.begin();
  statistics_.bytes += bytes;
  while (statistics_.bytes > bytes_max_) {
    statistics_.bytes -= entries_.back().bytes;
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

void AnswerCache::DropAll() {
  entries_.clear();
  index_.clear();
  statistics_.bytes = 0;
}

void AnswerCache::Clear() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  DropAll();
}

AnswerCache::Statistics AnswerCache::statistics() const {
  const std::lock_guard lock(mutex_);
  Statistics now = statistics_;
  now.entries = static_cast<std::int64_t>(entries_.size());
  return now;
}

}  // namespace cqd::cube
