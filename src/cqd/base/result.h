// Failures that can happen are values: Result<T> and Status, with one list of codes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace cqd {

/// What went wrong, chosen by what the caller should do about it.
/// The name of a code (ErrorCodeName) is stable: it is stored in run logs and shown in
/// problem+json.
enum class ErrorCode {
  kInvalidArgument,     ///< The input is wrong; the message names the field and what is allowed.
  kNotFound,            ///< The named thing does not exist.
  kAlreadyExists,       ///< The thing to make is there already.
  kConflict,            ///< Somebody changed it meanwhile: read again and retry.
  kFailedPrecondition,  ///< Change something first (configuration, state), then retry.
  kUnauthenticated,     ///< Who are you?
  kPermissionDenied,    ///< You may not.
  kResourceExhausted,   ///< A limit was met (rows, groups, memory, requests); the message names it.
  kDiskFull,            ///< No space left, or a quota: make room, then retry.
  kDiskFailed,          ///< The disk does not read or write: look at it, then retry.
  kUnavailable,         ///< The other side does not answer: retry the same call later.
  kDeadlineExceeded,    ///< It took longer than allowed.
  kCancelled,           ///< Somebody asked for it to stop.
  kCorruption,          ///< Stored data is damaged; never repaired in silence.
  kUnimplemented,       ///< Not in this version (for example a newer file format).
  kInternal,            ///< A fault of ours.
};

/// Stable snake_case name, for example "invalid_argument".
std::string_view ErrorCodeName(ErrorCode code);
/// The inverse of ErrorCodeName; nullopt for any other text.
std::optional<ErrorCode> ParseErrorCode(std::string_view name);

/// A failure with two texts: one safe for any caller, one for the log.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  /// Safe to show to any caller: no path, no secret, no other user's data.
  std::string message;
  /// For the log and the administrator: paths, numbers, SQL states. May be empty.
  std::string detail;
  /// The input field the failure is about ("Filters[2].Operand"), or empty.
  std::string field;

  /// Puts `context` in front of the message, once per layer: "read month 2015-03: no such table".
  Error WithContext(std::string_view context) &&;
  /// One line for a log: code, message, detail.
  std::string ToString() const;
};

/// A T or an Error. Never ignored.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  template <typename U>
  requires(std::is_convertible_v<U&&, T> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
           !std::is_same_v<std::remove_cvref_t<U>, Error> &&
           !std::is_same_v<std::remove_cvref_t<U>, T>) Result(U&& value)
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return Checked(), std::get<0>(state_); }
  const T& value() const& { return Checked(), std::get<0>(state_); }
  T&& value() && { return Checked(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    CQD_CHECK(!ok());
    return std::get<1>(state_);
  }
  Error&& error() && {
    CQD_CHECK(!ok());
    return std::get<1>(std::move(state_));
  }

 private:
  void Checked() const {
    if (!ok()) check_internal::FailValue(std::get<1>(state_).ToString().c_str());
  }
  std::variant<T, Error> state_;
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& {
    CQD_CHECK(!ok());
    return *error_;
  }
  Error&& error() && {
    CQD_CHECK(!ok());
    return *std::move(error_);
  }

 private:
  std::optional<Error> error_;
};
using Status = Result<void>;

inline Status OkStatus() {
  return {};
}

/// Builds an Error in place: `return Fail(ErrorCode::kNotFound, "no such month");`
inline Error Fail(ErrorCode code, std::string message, std::string detail = {},
                  std::string field = {}) {
  return Error{code, std::move(message), std::move(detail), std::move(field)};
}

}  // namespace cqd

#define CQD_CONCAT_INNER_(a, b) a##b
#define CQD_CONCAT_(a, b) CQD_CONCAT_INNER_(a, b)

/// Returns the error of a Status or Result expression to the caller; goes on when it is fine.
#define CQD_RETURN_IF_ERROR(expression)                           \
  do {                                                            \
    auto&& cqd_status_ = (expression);                            \
    if (!cqd_status_.ok()) return std::move(cqd_status_).error(); \
  } while (false)

/// `CQD_ASSIGN_OR_RETURN(auto x, MakeX());` declares x with the value, or returns the error.
#define CQD_ASSIGN_OR_RETURN(declaration, expression) \
  CQD_ASSIGN_OR_RETURN_INNER_(CQD_CONCAT_(cqd_result_, __LINE__), declaration, expression)
#define CQD_ASSIGN_OR_RETURN_INNER_(result, declaration, expression) \
  auto result = (expression);                                        \
  if (!result.ok()) return std::move(result).error();                \
  declaration = *std::move(result)
