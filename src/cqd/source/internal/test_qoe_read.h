// One read of a source, kept whole for tests to look at.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/key_space.h"
#include "source/qoe_metrics.h"

namespace cqd::source::internal {

/// Dictionaries in memory.
class TestInterner final : public model::KeyInterner {
 public:
  model::KeyId Intern(model::KeySpace space, std::string_view text,
                      std::string_view detail) override {
    if (text.empty()) return model::kNoKey;
    auto& entries = entries_[space];
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].first == text && entries[i].second == detail)
        return static_cast<model::KeyId>(i + 1);
    }
    entries.emplace_back(text, detail);
    return static_cast<model::KeyId>(entries.size());
  }
  std::string Text(model::KeySpace space, model::Value key) const {
    return key == model::kNull ? "null"
                               : entries_.at(space)[static_cast<std::size_t>(key - 1)].first;
  }
  std::string Detail(model::KeySpace space, model::Value key) const {
    return entries_.at(space)[static_cast<std::size_t>(key - 1)].second;
  }
  std::size_t size(model::KeySpace space) const {
    const auto found = entries_.find(space);
    return found == entries_.end() ? 0 : found->second.size();
  }

 private:
  std::map<model::KeySpace, std::vector<std::pair<std::string, std::string>>> entries_;
};

/// Everything one read handed out.
struct ReadOutcome {
  Status status;
  std::map<model::StreamKey, model::StreamRow> rows;
  std::size_t rows_handed = 0;
  std::vector<model::RejectedRecord> rejected;
  std::vector<std::string> watermarks;
  std::int64_t source_rows = 0;
  std::size_t batches = 0;
  bool ends_with_watermark = false;

  std::optional<std::string> watermark() const {
    return watermarks.empty() ? std::nullopt : std::optional(watermarks.back());
  }
};

inline ReadOutcome ReadFrom(QoeMetricsSource& source, const std::optional<std::string>& watermark,
                            TestInterner& interner,
                            const std::function<Status(const Batch&)>& look = {},
                            const CancelToken* cancel = nullptr) {
  ReadOutcome outcome;
  const CancelToken never;
  const ProgressSink no_progress = [](const ReadProgress&) {};
  const ReadContext context = {.id = model::SourceId(7),
                               .interner = interner,
                               .cancel = cancel != nullptr ? *cancel : never,
                               .progress = no_progress};
  outcome.status = source.Read(watermark, context, [&](Batch&& batch) -> Status {
    ++outcome.batches;
    outcome.ends_with_watermark = batch.watermark.has_value();
    outcome.rows_handed += batch.rows.size();
    outcome.source_rows += batch.source_rows_read;
    for (const auto& row : batch.rows) outcome.rows[row.key] = row;
    for (const auto& record : batch.rejected) outcome.rejected.push_back(record);
    if (batch.watermark) outcome.watermarks.push_back(*batch.watermark);
    return look ? look(batch) : OkStatus();
  });
  return outcome;
}

}  // namespace cqd::source::internal
