#include "source/import_reports.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace cqd::source {
namespace {

/// Documents that are written together: one disk write for many.
constexpr std::size_t kTogetherBytes = 4U << 20U;

Result<std::string> ReadFile(const std::string& name, std::istream& standard_input) {
  std::string text;
  if (name == "-") {
    text.assign(std::istreambuf_iterator<char>(standard_input), {});
    return text;
  }
  std::error_code error;
  if (std::filesystem::is_directory(name, error)) {
    return Fail(ErrorCode::kInvalidArgument, "is a folder; give the files in it");
  }
  const auto size = std::filesystem::file_size(name, error);
  if (!error && static_cast<std::int64_t>(size) > kImportFileBytesMax) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("is larger than {} bytes; split it first", kImportFileBytesMax));
  }
  std::ifstream file(name, std::ios::binary);
  if (!file) return Fail(ErrorCode::kNotFound, "cannot be opened");
  std::ostringstream content;
  content << file.rdbuf();
  if (file.bad()) return Fail(ErrorCode::kUnavailable, "cannot be read");
  return std::move(content).str();
}

/// True when the failure is about this input alone, so that the next file may go on.
bool IsAboutTheInput(ErrorCode code) {
  return code == ErrorCode::kInvalidArgument || code == ErrorCode::kResourceExhausted;
}

class Importer {
 public:
  Importer(Inbox& inbox, const Clock& clock) : inbox_(inbox), clock_(clock) {}

  Status File(const std::string& name, std::istream& standard_input) {
    auto text = ReadFile(name, standard_input);
    if (!text.ok()) {
      Problem(name, text.error().message);
      return OkStatus();
    }
    const ReportFormat* format = FindFormat("", *text);
    if (format == nullptr) return Send(name, *text);
    std::string together;
    for (const std::string& piece : format->Split(*text)) {
      if (!together.empty() && together.size() + piece.size() > kTogetherBytes) {
        CQD_RETURN_IF_ERROR(Send(name, together));
        together.clear();
      }
      if (!together.empty()) together += "\n";
      together += piece;
    }
    return Send(name, together);
  }

  ImportSummary Take() { return std::move(summary_); }

 private:
  Status Send(const std::string& name, const std::string& text) {
    auto receipts = inbox_.Accept(text, "", name, clock_.Now());
    if (!receipts.ok()) {
      if (!IsAboutTheInput(receipts.error().code)) return std::move(receipts).error();
      ++summary_.refused;
      Problem(name, receipts.error().message);
      return OkStatus();
    }
    for (const Receipt& receipt : *receipts) Count(name, receipt);
    return OkStatus();
  }

  void Count(const std::string& name, const Receipt& receipt) {
    switch (receipt.status) {
      case ReceiptStatus::kAccepted:
        ++summary_.accepted;
        return;
      case ReceiptStatus::kDuplicate:
        ++summary_.duplicate;
        return;
      case ReceiptStatus::kRejected:
        ++summary_.rejected;
        break;
      case ReceiptStatus::kRefused:
        ++summary_.refused;
        break;
    }
    Problem(name, receipt.reason);
  }

  void Problem(const std::string& name, const std::string& why) {
    if (summary_.problems.size() < kImportProblemsMax) {
      summary_.problems.push_back(name + ": " + why);
    } else {
      ++summary_.problems_left_out;
    }
  }

  Inbox& inbox_;
  const Clock& clock_;
  ImportSummary summary_;
};

}  // namespace

Result<ImportSummary> ImportReports(Inbox& inbox, const std::vector<std::string>& files,
                                    std::istream& standard_input, const Clock& clock) {
  Importer importer(inbox, clock);
  for (const std::string& name : files) CQD_RETURN_IF_ERROR(importer.File(name, standard_input));
  return importer.Take();
}

}  // namespace cqd::source
