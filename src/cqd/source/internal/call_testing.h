// For tests: reads documents and merges them as the collector does, with keys that can be read
// back.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "source/merge.h"
#include "source/report.h"

namespace cqd::source::testing {

/// Keys in memory, with the texts to look at.
class TestInterner final : public model::KeyInterner {
 public:
  model::KeyId Intern(model::KeySpace space, std::string_view text,
                      std::string_view detail) override {
    if (text.empty()) return model::kNoKey;
    auto& keys = keys_[static_cast<int>(space)];
    const std::pair<std::string, std::string> entry(
        CleanUtf8(text, model::KeyTextCharactersMax(space)), detail);
    const auto [found, added] = keys.try_emplace(entry, static_cast<model::KeyId>(keys.size() + 1));
    if (added) entries_[static_cast<int>(space)].push_back(entry);
    return found->second;
  }
  /// "text" or "text|detail"; "-" where the row has no key.
  std::string Text(const model::StreamRow& row, model::Field field) const {
    if (!row.Has(field)) return "-";
    const auto& [text, detail] = entries_.at(
        static_cast<int>(model::InfoOf(field).space))[static_cast<std::size_t>(row.Get(field)) - 1];
    return detail.empty() ? text : text + "|" + detail;
  }

 private:
  std::map<int, std::map<std::pair<std::string, std::string>, model::KeyId>> keys_;
  std::map<int, std::vector<std::pair<std::string, std::string>>> entries_;
};

inline constexpr UtcTime kReceived = FromMicros(1'463'990'400'000'000);  // 2016-05-23T08:00:00Z

/// All reports of the documents, numbered from `first_number` in the order given. Fails the test
/// when one is not readable.
inline std::vector<CallReport> ReadAll(const std::vector<std::string>& documents,
                                       std::int64_t first_number = 1) {
  std::vector<CallReport> reports;
  std::int64_t number = first_number;
  for (const std::string& document : documents) {
    const ReportFormat* format = FindFormat("", document);
    EXPECT_NE(format, nullptr) << document.substr(0, 200);
    if (format == nullptr) continue;
    auto parsed = format->Parse(document, {});
    EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().ToString());
    if (!parsed.ok()) continue;
    int part = 0;
    for (Report& report : *parsed) reports.push_back({number, part++, std::move(report)});
    ++number;
  }
  return reports;
}

/// Streams of every call among `reports`; the session time is near the reports' own times, as in
/// life.
inline std::vector<model::StreamRow> Merge(const std::vector<CallReport>& reports,
                                           TestInterner& interner) {
  std::map<std::string, std::vector<CallReport>> calls;
  for (const CallReport& report : reports) calls[report.report.call_key].push_back(report);
  std::vector<model::StreamRow> rows;
  std::int64_t seq = 0;
  for (const auto& [key, call] : calls) {
    UtcTime session_time = kReceived;
    for (const CallReport& report : call) {
      if (report.report.end) session_time = *report.report.end;
    }
    const auto more = StreamsOfCall(call, {model::SourceId(1), session_time, ++seq}, interner);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

/// The value in its unit; nullopt where it is absent.
inline std::optional<double> Number(const model::StreamRow& row, model::Field field) {
  if (!row.Has(field)) return std::nullopt;
  return model::ToDouble(field, row.Get(field));
}

/// A sample of a real device, by its name in the samples folder; nullopt (and a line that says so)
/// when the folder is not there: the samples are not part of the project.
inline std::optional<std::string> Sample(const std::string& name) {
  const char* folder = std::getenv("CQD_SAMPLES_DIR");
  const std::filesystem::path path =
      std::filesystem::path(folder == nullptr ? "../shared/samples" : folder) / name;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::cout << "[  NOTICE  ] no sample " << path
              << ": this check did not run (set CQD_SAMPLES_DIR)\n";
    return std::nullopt;
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace cqd::source::testing
