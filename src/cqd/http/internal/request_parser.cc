#include "http/internal/request_parser.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>

#include "base/text.h"
#include "http/target.h"

namespace cqd::http {
namespace beast_http = boost::beast::http;

namespace {

std::string_view View(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

RequestParser::RequestParser(Request& request, std::size_t header_bytes_max)
    : request_(request), header_bytes_max_(header_bytes_max) {
  header_limit(static_cast<std::uint32_t>(header_bytes_max));
  // The limit of a body is its route's, which is known after the head; until then nothing is read.
  body_limit(boost::none);
}

void RequestParser::on_request_impl(beast_http::verb method, StringView method_text,
                                    StringView target, int version, ErrorCode& error) {
  version_ = version;
  switch (method) {
    case beast_http::verb::get:
      request_.method = Method::kGet;
      break;
    default:  // NOLINT: Beast knows thirty more; ours are told by name.
      request_.method = ParseMethod(View(method_text));
      break;
  }
  request_.method_text = View(method_text);
  if (target.size() > kTargetBytesMax) {
    failure_status_ = 414;
    error = beast_http::error::bad_target;
    return;
  }
  header_bytes_ = target.size();
  request_.target = View(target);
}

void RequestParser::on_field_impl(beast_http::field name, StringView name_text, StringView value,
                                  ErrorCode& error) {
  header_bytes_ += name_text.size() + value.size() + 4;
  if (++fields_ > kFieldsMax || header_bytes_ > header_bytes_max_) {
    error = beast_http::error::header_limit;
    return;
  }
  // Fields behind a chunked body are skipped: taken late, they could undo what was checked early.
  if (head_done_) return;
  request_.headers.Add(View(name_text), View(value));
  if (name == beast_http::field::host) {
    ++host_fields_;
  } else if (name == beast_http::field::expect) {
    const bool is_continue = EqualsIgnoreCase(Trim(View(value)), "100-continue");
    expects_continue_ = expects_continue_ || is_continue;
    expects_other_ = expects_other_ || !is_continue;
  } else if (name == beast_http::field::transfer_encoding) {
    encoding_is_odd_ = encoding_is_odd_ || !EqualsIgnoreCase(Trim(View(value)), "chunked");
  }
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& content_length,
                                      ErrorCode& error) {
  if (!content_length.has_value()) return;
  if (*content_length > body_bytes_max_) {
    error = beast_http::error::body_limit;
    return;
  }
  // What is promised is not yet there: no more than this is set aside on the client's word.
  constexpr std::uint64_t kReserveMax = 1024 * 1024;
  request_.body.reserve(static_cast<std::size_t>(std::min(*content_length, kReserveMax)));
}

std::size_t RequestParser::on_body_impl(StringView body, ErrorCode& error) {
  if (request_.body.size() + body.size() > body_bytes_max_) {
    error = beast_http::error::body_limit;
    return 0;
  }
  request_.body += View(body);
  return body.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t /*remain*/, StringView body,
                                              ErrorCode& error) {
  return on_body_impl(body, error);
}

int RequestParser::StatusOfFailure(ErrorCode error) const {
  if (failure_status_ != 0) return failure_status_;
  if (error == beast_http::error::header_limit) return 431;
  if (error == beast_http::error::body_limit) return 413;
  if (error == beast_http::error::bad_version) return 505;
  return 400;
}

int RequestParser::CheckHead() const {
  // A body whose end two servers see at different places is how requests are smuggled.
  if (encoding_is_odd_) return 501;
  if (chunked() && request_.headers.Find("Content-Length").has_value()) return 400;
  if (host_fields_ > 1 || (version_ == 11 && host_fields_ == 0)) return 400;
  if (expects_other_) return 417;
  return 0;
}

}  // namespace cqd::http
