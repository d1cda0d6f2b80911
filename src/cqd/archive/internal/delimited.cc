#include "archive/internal/delimited.h"

#include <fmt/format.h>

#include "base/text.h"

namespace cqd::archive::internal {
namespace {

char SeparatorOf(std::string_view text) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  if (line.find('\t') != std::string_view::npos) return '\t';
  if (line.find(',') != std::string_view::npos) return ',';
  return line.find(';') != std::string_view::npos ? ';' : ',';
}

Error BadLine(std::int64_t line, std::string_view what) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("line {}: {}", line, what));
}

/// Errors when the bytes are not UTF-8 text, naming the line: a file of another encoding would
/// store garbled names for good.
Status CheckText(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return Fail(ErrorCode::kInvalidArgument, "the file is UTF-16; save it as UTF-8");
  }
  std::int64_t line = 1;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view one = text.substr(0, end);
    if (CleanUtf8(one, one.size()) != one)
      return BadLine(line, "not UTF-8; save the file as UTF-8");
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    ++line;
  }
  return OkStatus();
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), separator_(SeparatorOf(text)) {}

  Result<std::vector<DelimitedRecord>> Run() {
    std::vector<DelimitedRecord> records;
    while (at_ < text_.size()) {
      DelimitedRecord record;
      record.line = line_;
      CQD_RETURN_IF_ERROR(ReadRecord(record.fields));
      if (record.fields.size() == 1 && record.fields[0].empty()) continue;
      records.push_back(std::move(record));
    }
    return records;
  }

 private:
  bool AtLineEnd() const { return at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r'; }

  Status ReadRecord(std::vector<std::string>& fields) {
    for (;;) {
      std::string field;
      CQD_RETURN_IF_ERROR(ReadField(field));
      fields.push_back(std::move(field));
      if (AtLineEnd()) break;
      ++at_;  // the separator
    }
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    ++line_;
    return OkStatus();
  }

  Status ReadField(std::string& field) {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ < text_.size() && text_[at_] == '"') return ReadQuoted(field);
    const std::size_t start = at_;
    while (!AtLineEnd() && text_[at_] != separator_) ++at_;
    field = Trim(text_.substr(start, at_ - start));
    return OkStatus();
  }

  Status ReadQuoted(std::string& field) {
    const std::int64_t first_line = line_;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] != '"') {
        field += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        field += '"';
        ++at_;
      } else {
        for (++at_; !AtLineEnd() && text_[at_] != separator_; ++at_) {
          if (text_[at_] != ' ') return BadLine(line_, "text after a closing quote");
        }
        return OkStatus();
      }
    }
    return BadLine(first_line, "a quoted field that never ends");
  }

  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
};

}  // namespace

Result<std::vector<DelimitedRecord>> ParseDelimited(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  CQD_RETURN_IF_ERROR(CheckText(text));
  return Parser(text).Run();
}

}  // namespace cqd::archive::internal
