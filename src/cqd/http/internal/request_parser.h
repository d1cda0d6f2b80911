// The request parser of Boost.Beast, writing straight into a Request. Heavy header: only for the
// connection and its parser.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <string_view>

#include "http/message.h"

namespace cqd::http {

/// Parses one request; made anew for each. Feed it with put(), first until is_header_done(), then
/// until is_done().
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  using Base = boost::beast::http::basic_parser<true>;
  using ErrorCode = boost::beast::error_code;

  /// Fields that are taken, and trailer fields that are skipped, in one request. Apache httpd's
  /// LimitRequestFields has the same default.
  static constexpr std::size_t kFieldsMax = 100;

  RequestParser(Request& request, std::size_t header_bytes_max);

  /// Longest body; over it put() fails and status_of_failure() is 413. Call after the head.
  void SetBodyLimit(std::size_t bytes) { body_bytes_max_ = bytes; }
  /// The status to answer with after put() failed with `error` (not need_more).
  int StatusOfFailure(ErrorCode error) const;
  /// What HTTP asks of a head beyond its grammar (RFC 9112 sections 3.2 and 6.1): 0, or the status
  /// to refuse it with. Call after the head.
  int CheckHead() const;
  bool expects_continue() const { return expects_continue_; }
  bool is_http_1_0() const { return version_ == 10; }

 private:
  using StringView = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb method, StringView method_text, StringView target,
                       int version, ErrorCode& error) override;
  void on_response_impl(int, StringView, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field name, StringView name_text, StringView value,
                     ErrorCode& error) override;
  void on_header_impl(ErrorCode&) override { head_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& content_length,
                         ErrorCode& error) override;
  std::size_t on_body_impl(StringView body, ErrorCode& error) override;
  void on_chunk_header_impl(std::uint64_t, StringView, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t remain, StringView body, ErrorCode& error) override;
  void on_finish_impl(ErrorCode&) override {}

  Request& request_;
  const std::size_t header_bytes_max_;
  std::size_t header_bytes_ = 0;
  std::size_t fields_ = 0;
  std::size_t body_bytes_max_ = 0;
  int failure_status_ = 0;
  int version_ = 11;
  std::size_t host_fields_ = 0;
  bool head_done_ = false;
  bool expects_continue_ = false;
  bool expects_other_ = false;
  bool encoding_is_odd_ = false;
};

}  // namespace cqd::http
