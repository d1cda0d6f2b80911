// Answers kept by what was asked and by data version; equal questions at the same time run once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "cube/query.h"

namespace cqd::cube {

/// What one question gives: a table, or the members of an attribute.
struct Answer {
  ResultTable table;
  std::vector<model::Member> members;
  /// Memory it takes, about; for the bound of the cache.
  std::int64_t Bytes() const;
};
using SharedAnswer = std::shared_ptr<const Answer>;

/// Threads: all methods from any thread.
class AnswerCache {
 public:
  struct Statistics {
    std::int64_t hits = 0;    ///< answered from the cache
    std::int64_t shared = 0;  ///< answered by an equal question that ran at the same time
    std::int64_t misses = 0;  ///< computed
    std::int64_t entries = 0;
    std::int64_t bytes = 0;
  };
  struct Found {
    Result<SharedAnswer> answer;
    bool from_cache = false;  ///< false only for the one that computed it
  };
  struct Question {
    std::string text;  ///< equal texts mean equal answers at equal versions
    std::int64_t version = 0;
    bool bypass = false;  ///< compute anew, and keep the result
    const CancelToken* cancel = nullptr;
  };

  /// `bytes_max` 0: keep nothing (equal questions at the same time still run once).
  explicit AnswerCache(std::int64_t bytes_max) : bytes_max_(bytes_max) {}

  /// The answer kept, or the one of an equal question that runs now, or what `make` computes.
  /// Answers of older versions go when one of a newer version is kept. Failures are not kept; they
  /// are shared with those who wait, but for a cancel: then the next one computes.
  Found GetOrMake(const Question& question, const std::function<Result<Answer>()>& make);
  void Clear();
  Statistics statistics() const;

 private:
  struct Entry {
    std::string key;
    SharedAnswer answer;
    std::int64_t bytes;
  };
  struct Flight {
    bool done = false;
    Result<SharedAnswer> answer = SharedAnswer();
    std::condition_variable landed;
  };

  Found Compute(const Question& question, const std::string& key,
                const std::function<Result<Answer>()>& make, std::unique_lock<std::mutex>& lock);
  void Keep(const std::string& key, std::int64_t version, const SharedAnswer& answer);
  void DropAll();

  const std::int64_t bytes_max_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // newest use first
  std::unordered_map<std::string, std::list<Entry>::iterator> index_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
  std::int64_t newest_version_ = 0;
  std::int64_t generation_ = 0;  // grows with every Clear
  Statistics statistics_;
};

}  // namespace cqd::cube
