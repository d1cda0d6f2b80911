// Standard output and error of the commands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "integration/run.h"

namespace cqd::server {

/// Prints "cqd: message (detail)" to standard error and gives the exit code for the error.
int Complain(const Error& error);

/// Progress: one line that is drawn again on a terminal, a plain line every ten seconds elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(const Clock& clock);
  ~ProgressLine();
  void Show(const std::string& text);

 private:
  const Clock& clock_;
  const bool terminal_;
  Duration last_{};
  bool drawn_ = false;
};

/// Columns aligned, numbers to the right, first row is the heading.
void PrintTable(const std::vector<std::vector<std::string>>& rows);

/// "archive run ... succeeded: 12 read ..." in a few lines.
void PrintRun(const integration::RunRecord& run);

}  // namespace cqd::server
