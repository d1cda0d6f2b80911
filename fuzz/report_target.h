// What every report format must stand: any bytes, without a crash, and streams with unique keys out
// of what was readable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "source/merge.h"
#include "source/report.h"

namespace cqd::fuzz {

class CountingInterner final : public model::KeyInterner {
 public:
  model::KeyId Intern(model::KeySpace space, std::string_view text,
                      std::string_view detail) override {
    if (text.empty()) return model::kNoKey;
    auto& keys = keys_[static_cast<int>(space)];
    return keys
        .try_emplace({std::string(text), std::string(detail)},
                     static_cast<model::KeyId>(keys.size() + 1))
        .first->second;
  }

 private:
  std::map<int, std::map<std::pair<std::string, std::string>, model::KeyId>> keys_;
};

inline void RunReport(const source::ReportFormat& format, const std::uint8_t* data,
                      std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)format.Recognises(bytes);
  for (const std::string& piece : format.Split(bytes)) {
    const auto parsed = format.Parse(piece, {});
    if (!parsed.ok()) continue;
    std::map<std::string, std::vector<source::CallReport>> calls;
    int part = 0;
    for (const source::Report& report : *parsed)
      calls[report.call_key].push_back({1, part++, report});
    for (const auto& [key, reports] : calls) {
      CountingInterner interner;
      const UtcTime session_time = FromMicros(1'463'990'400'000'000);
      std::set<model::StreamKey> keys;
      for (const auto& row :
           source::StreamsOfCall(reports, {model::SourceId(1), session_time, 1}, interner)) {
        CQD_CHECK(keys.insert(row.key).second);
      }
    }
  }
}

}  // namespace cqd::fuzz
