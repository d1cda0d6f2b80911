#include "integration/run.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace cqd::integration {
namespace {

template <typename Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<Stage, 2> kStages = {{{Stage::kArchive, "archive"}, {Stage::kCube, "cube"}}};
constexpr Names<RunKind, 3> kKinds = {
    {{RunKind::kIncremental, "incremental"}, {RunKind::kFull, "full"}, {RunKind::kMonth, "month"}}};
constexpr Names<RunTrigger, 6> kTriggers = {{{RunTrigger::kSchedule, "schedule"},
                                             {RunTrigger::kStartUp, "start-up"},
                                             {RunTrigger::kApi, "api"},
                                             {RunTrigger::kCommand, "command"},
                                             {RunTrigger::kUpstream, "upstream"},
                                             {RunTrigger::kRetry, "retry"}}};
constexpr Names<RunState, 8> kStates = {{{RunState::kQueued, "queued"},
                                         {RunState::kRunning, "running"},
                                         {RunState::kSucceeded, "succeeded"},
                                         {RunState::kPartial, "partial"},
                                         {RunState::kFailed, "failed"},
                                         {RunState::kCancelled, "cancelled"},
                                         {RunState::kInterrupted, "interrupted"},
                                         {RunState::kSkipped, "skipped"}}};
constexpr Names<ErrorClass, 5> kClasses = {{{ErrorClass::kSource, "source"},
                                            {ErrorClass::kData, "data"},
                                            {ErrorClass::kDisk, "disk"},
                                            {ErrorClass::kConfig, "config"},
                                            {ErrorClass::kInternal, "internal"}}};

template <typename Enum, std::size_t N>
std::string_view NameOf(const Names<Enum, N>& names, Enum value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  return "unknown";
}

template <typename Enum, std::size_t N>
std::optional<Enum> Parse(const Names<Enum, N>& names, std::string_view text) {
  for (const auto& [value, name] : names) {
    if (name == text) return value;
  }
  return std::nullopt;
}

struct ClassAndHint {
  ErrorClass error_class;
  std::string_view hint;
  bool retryable;
};

ClassAndHint Judge(ErrorCode code, bool from_source) {
  switch (code) {
    case ErrorCode::kDiskFailed:
      return {
          ErrorClass::kDisk,
          "Look at the disk of the data directory and the system's log; what was acknowledged is "
          "safe, and the next run continues where this one stopped.",
          true};
    case ErrorCode::kDiskFull:
      if (from_source) {
        return {ErrorClass::kSource, "Make room on the disk of the source's database.", true};
      }
      return {ErrorClass::kDisk,
              "Make room on the disk of the data directory; the next run continues where this one "
              "stopped.",
              true};
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied:
      return {ErrorClass::kConfig,
              "Check the account, its password and its rights (db_datareader) in the source's "
              "settings.",
              false};
    case ErrorCode::kFailedPrecondition:
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound:
    case ErrorCode::kAlreadyExists:
      return {ErrorClass::kConfig, "Check the settings named in the message with 'cqd check'.",
              false};
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
      return {from_source ? ErrorClass::kSource : ErrorClass::kInternal,
              from_source
                  ? "Check that the source is up and reachable from this machine; the next run "
                    "tries again by itself."
                  : "The next run tries again by itself; if it happens again, look into the log.",
              true};
    case ErrorCode::kCorruption:
      return {ErrorClass::kData, "Stored data is damaged: see docs/operations.md, 'Damaged files'.",
              false};
    case ErrorCode::kUnimplemented:
      return {ErrorClass::kConfig,
              "The data was written by a newer version: start that version again.", false};
    case ErrorCode::kResourceExhausted:
      return {ErrorClass::kConfig, "Raise the limit named in the message, or ask for less at once.",
              true};
    case ErrorCode::kConflict:
    case ErrorCode::kCancelled:
    case ErrorCode::kInternal:
      break;
  }
  return {ErrorClass::kInternal, "This is a fault of the program: keep the log and report it.",
          true};
}

}  // namespace

std::string_view StageName(Stage stage) {
  return NameOf(kStages, stage);
}
std::string_view RunKindName(RunKind kind) {
  return NameOf(kKinds, kind);
}
std::string_view TriggerName(RunTrigger trigger) {
  return NameOf(kTriggers, trigger);
}
std::string_view RunStateName(RunState state) {
  return NameOf(kStates, state);
}
std::string_view ErrorClassName(ErrorClass error_class) {
  return NameOf(kClasses, error_class);
}
std::optional<Stage> ParseStage(std::string_view name) {
  return Parse(kStages, name);
}
std::optional<RunKind> ParseRunKind(std::string_view name) {
  return Parse(kKinds, name);
}
std::optional<RunTrigger> ParseTrigger(std::string_view name) {
  return Parse(kTriggers, name);
}
std::optional<RunState> ParseRunState(std::string_view name) {
  return Parse(kStates, name);
}

bool IsFinal(RunState state) {
  return state != RunState::kQueued && state != RunState::kRunning;
}
bool IsSuccess(RunState state) {
  return state == RunState::kSucceeded;
}
bool IsFailure(RunState state) {
  return state == RunState::kFailed || state == RunState::kPartial ||
         state == RunState::kInterrupted;
}

RunError MakeRunError(const Error& error, std::string_view step, bool from_source) {
  const ClassAndHint judged = Judge(error.code, from_source);
  return {.code = std::string(ErrorCodeName(error.code)),
          .error_class = judged.error_class,
          .message = error.message,
          .detail = error.detail,
          .step = std::string(step),
          .hint = std::string(judged.hint),
          .retryable = judged.retryable};
}

std::string DescribeRun(const RunRecord& run) {
  if (run.state == RunState::kSucceeded) {
    if (run.stage == Stage::kArchive) {
      return fmt::format(
          "Run {} succeeded: {} read, {} inserted, {} updated, {} duplicate, {} quarantined",
          run.run_id, run.rows.read, run.rows.inserted, run.rows.updated, run.rows.duplicate,
          run.rows.quarantined);
    }
    return fmt::format("Run {} succeeded: data version {}, {} streams", run.run_id,
                       run.data_version.value_or(0), run.rows_total.value_or(0));
  }
  return fmt::format("Run {} {}: {}", run.run_id, RunStateName(run.state),
                     run.error ? run.error->message : "stopped on request");
}

std::string_view LogCategoryOf(Stage stage) {
  return stage == Stage::kArchive ? "Integration" : "CubeProcessing";
}

}  // namespace cqd::integration
