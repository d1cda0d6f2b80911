#include "http/internal/connection.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <exception>
#include <utility>

#include "base/log.h"
#include "http/problem.h"

namespace cqd::http {
namespace {

// Sizes of our own choice, from measuring: one read takes the usual request; bodies are read in
// larger pieces; small bodies are cheaper to copy behind their head than to send apart.
constexpr std::size_t kReadBytes = 4 * 1024;
constexpr std::size_t kBodyReadBytes = 64 * 1024;
constexpr std::size_t kCopyBytesMax = 32 * 1024;
constexpr std::size_t kQueueBytesMax = 64 * 1024;
constexpr std::size_t kWriteBytesMax = 256 * 1024;
/// Each so many bytes of an answer have write_timeout of their own (see ServerOptions).
constexpr std::size_t kProgressBytes = 64 * 1024;
/// Memory that an idle connection may keep for its next request.
constexpr std::size_t kKeepBytesMax = 64 * 1024;
/// How long a client may take to close after the last answer (as Apache httpd's lingering close).
constexpr Duration kLingerTime = std::chrono::seconds(2);
/// A stream that waits is looked after each so many ticks: one system call a second at the default
/// tick, instead of ten.
constexpr std::size_t kTicksBetweenLooks = 10;

bool HasNoBody(int status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace

Connection::Connection(IoLoop& loop, std::string remote_address, bool refused)
    : loop_(loop), refused_(refused), in_(kReadBytes) {
  request_.remote_address = std::move(remote_address);
  SetTimeout(loop_.server.options.header_timeout);
}

// What a producer of a broken answer holds may take long to free: not on the thread of the others.
Connection::~Connection() {
  if (response_.producer == nullptr || response_.produce_inline) return;
  try {
    loop_.server.piece_pool.TryPost([producer = std::move(response_.producer)] {});
  } catch (const std::exception& fault) {
    // No memory for the job: then it is freed here.
    LogError("stream {}: {}", plan_.pattern, fault.what());
  }
}

void Connection::OnReady() {
  if (state_ == State::kClosed) return;
  state_ = State::kIdle;
  if (refused_) {
    request_.method = Method::kOther;
    response_ = {};
    begun_at_ = loop_.server.clock.Monotonic();
    if (Refuse(503, ErrorCode::kUnavailable, "too many connections")) Process();
    return;
  }
  Process();
}

void Connection::Process() {
  for (;;) {
    switch (state_) {
      case State::kIdle:
      case State::kHead:
        if (!StepHead()) return;
        break;
      case State::kBody:
        if (!StepBody()) return;
        break;
      case State::kHandshake:
      case State::kHandler:
      case State::kSend:
      case State::kProduce:
      case State::kPause:
      case State::kLinger:
      case State::kClosed:
        return;
    }
  }
}

bool Connection::StepHead() {
  const ServerOptions& options = loop_.server.options;
  if (Unread().empty() && !parser_.has_value()) {
    if (!out_.empty()) return Flush(State::kIdle);
    if (loop_.stopping) {
      SayGoodbye();
      return false;
    }
    state_ = State::kIdle;
    SetTimeoutOf(state_);
    ReadMore();
    return false;
  }
  if (!parser_.has_value()) {
    request_.Clear();
    request_.method = Method::kOther;
    parser_.emplace(request_, options.header_bytes_max);
    request_sent_bytes_ = 0;
    plan_ = {};
    begun_at_ = loop_.now;
    state_ = State::kHead;
    SetTimeoutOf(state_);
  }
  boost::beast::error_code error;
  const std::string_view unread = Unread();
  in_begin_ += parser_->put(boost::asio::buffer(unread.data(), unread.size()), error);
  if (error == boost::beast::http::error::need_more) {
    if (!out_.empty() && !Flush(State::kHead)) return false;
    if (Unread().size() > options.header_bytes_max) {
      return Refuse(431, ErrorCode::kInvalidArgument, "the head of the request is too long");
    }
    ReadMore();
    return false;
  }
  if (error) {
    return Refuse(parser_->StatusOfFailure(error), ErrorCode::kInvalidArgument,
                  "the head of the request is malformed or over a limit: " + error.message());
  }
  return BeginRequest();
}

// The head is whole.
bool Connection::BeginRequest() {
  const ServerOptions& options = loop_.server.options;
  begun_at_ = loop_.server.clock.Monotonic();
  ++requests_;
  is_http_1_0_ = parser_->is_http_1_0();
  keep_alive_ = parser_->keep_alive();
  if (const int status = parser_->CheckHead(); status != 0) {
    return Refuse(status, ErrorCode::kInvalidArgument,
                  "Host, Expect, Content-Length or Transfer-Encoding cannot be taken");
  }
  response_ = {};
  plan_ = loop_.server.dispatcher.Begin(request_, response_);
  const bool body_follows = !parser_->is_done();
  if (plan_.answered) {
    // Nobody wants the body: closing behind the answer is cheaper than reading it.
    if (body_follows) keep_alive_ = false;
    return QueueResponse();
  }
  if (!body_follows) return Execute();
  const std::size_t limit = std::min(plan_.body_bytes_max, options.body_bytes_max);
  parser_->SetBodyLimit(limit);
  if (parser_->content_length().value_or(0) > limit) {
    return Refuse(413, ErrorCode::kResourceExhausted,
                  "the body is longer than " + std::to_string(limit) + " bytes");
  }
  if (parser_->expects_continue() && !is_http_1_0_ && Unread().empty()) {
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  state_ = State::kBody;
  SetTimeoutOf(state_);
  return true;
}

bool Connection::StepBody() {
  while (!parser_->is_done()) {
    boost::beast::error_code error = boost::beast::http::error::need_more;
    if (const std::string_view unread = Unread(); !unread.empty()) {
      in_begin_ += parser_->put(boost::asio::buffer(unread.data(), unread.size()), error);
    }
    if (error == boost::beast::http::error::need_more) {
      // Only the line before a chunk can be incomplete, and a decent one is short.
      if (Unread().size() > loop_.server.options.header_bytes_max) {
        return Refuse(400, ErrorCode::kInvalidArgument, "a chunk of the body is malformed");
      }
      if (!out_.empty()) return Flush(State::kBody);
      ReadMore();
      return false;
    }
    if (error) {
      return Refuse(parser_->StatusOfFailure(error), ErrorCode::kInvalidArgument,
                    "the body is malformed or too long: " + error.message());
    }
  }
  return Execute();
}

bool Connection::Execute() {
  request_.clock = &loop_.server.clock;
  if (!plan_.pooled) {
    loop_.server.dispatcher.Finish(plan_, request_, response_);
    return QueueResponse();
  }
  // Answers to earlier requests must not wait for a slow handler.
  if (!out_.empty()) return Flush(State::kHandler);
  return PostHandler();
}

bool Connection::PostHandler() {
  const Duration time = loop_.server.options.handler_timeout;
  cancel_.emplace();
  request_.cancel = &*cancel_;
  request_.deadline = time.count() > 0 ? begun_at_ + time : Duration{0};
  state_ = State::kHandler;
  const bool posted = loop_.server.pool.TryPost([self = shared_from_this()] {
    self->loop_.server.dispatcher.Finish(self->plan_, self->request_, self->response_);
    boost::asio::post(self->loop_.io, [self] { self->OnHandlerDone(); });
  });
  if (posted) return false;
  response_ = Problem(503, Fail(ErrorCode::kUnavailable, "too many requests at once"))
                  .WithHeader("Retry-After", "1");
  return QueueResponse();
}

void Connection::OnHandlerDone() {
  if (state_ != State::kHandler) return;
  if (QueueResponse()) Process();
}

bool Connection::Refuse(int status, ErrorCode code, std::string message) {
  response_ = Problem(status, Fail(code, std::move(message)));
  if (status == 503) response_.headers.emplace_back("Retry-After", "1");
  keep_alive_ = false;
  return QueueResponse();
}

bool Connection::QueueResponse() {
  keep_alive_ = keep_alive_ && !loop_.stopping;
  const bool without_body = request_.method == Method::kHead || HasNoBody(response_.status);
  const bool streams = response_.producer != nullptr && !HasNoBody(response_.status);
  std::string_view body = response_.body_view();
  Framing framing;
  framing.http_1_0 = is_http_1_0_;
  framing.body_bytes = body.size();
  if (streams) {
    if (is_http_1_0_) keep_alive_ = false;
    framing.body = is_http_1_0_ ? Framing::Body::kUntilClose : Framing::Body::kChunked;
  } else if (HasNoBody(response_.status)) {
    framing.body = Framing::Body::kNone;
  }
  framing.keep_alive = keep_alive_;
  const std::size_t before = out_.size();
  AppendHead(out_, response_, framing, loop_.common);
  parser_.reset();
  if (without_body) body = {};
  if (streams && !without_body) {
    request_open_ = true;
    stream_ends_ = false;
    if (response_.signal != nullptr) loop_.Watch(response_.signal);
    if (!cancel_.has_value()) cancel_.emplace();  // an inline handler had none
    request_sent_bytes_ = out_.size() - before;
    return Flush(State::kProduce);
  }
  request_sent_bytes_ = out_.size() - before + body.size();
  if (body.size() > kCopyBytesMax) {
    out_body_ = body;
    request_open_ = true;
    return Flush(State::kIdle);
  }
  out_ += body;
  EndRequest();
  state_ = State::kIdle;
  const bool more_to_do = keep_alive_ && !Unread().empty() && out_.size() < kQueueBytesMax;
  return more_to_do || Flush(State::kIdle);
}

bool Connection::Flush(State resume) {
  resume_ = resume;
  state_ = State::kSend;
  out_sent_ = 0;
  progress_bytes_ = 0;
  SetTimeoutOf(state_);
  return ContinueFlush();
}

bool Connection::ContinueFlush() {
  while (out_sent_ < out_.size() + out_body_.size()) {
    const std::size_t head_sent = std::min(out_sent_, out_.size());
    const std::string_view first = std::string_view(out_).substr(head_sent);
    const std::string_view second = out_body_.substr(out_sent_ - head_sent, kWriteBytesMax);
    std::size_t sent = 0;
    if (!StartWrite(first, second, sent)) return false;
    NoteSent(sent);
  }
  return AfterFlush();
}

void Connection::NoteSent(std::size_t bytes) {
  out_sent_ += bytes;
  progress_bytes_ += bytes;
  if (progress_bytes_ < kProgressBytes) return;
  progress_bytes_ = 0;
  SetTimeoutOf(State::kSend);
}

void Connection::OnWritten(bool failed, std::size_t bytes) {
  if (state_ != State::kSend) return;
  if (failed) {
    Close();
    return;
  }
  NoteSent(bytes);
  if (ContinueFlush()) Process();
}

bool Connection::AfterFlush() {
  out_.clear();
  out_body_ = {};
  if (out_.capacity() > 2 * kQueueBytesMax) out_.shrink_to_fit();
  if (resume_ == State::kHandler) return PostHandler();
  if (resume_ == State::kProduce && !stream_ends_) {
    StartProducer();
    return false;
  }
  if (request_open_) EndRequest();
  state_ = resume_ == State::kProduce ? State::kIdle : resume_;
  if (state_ == State::kIdle && !keep_alive_) {
    SayGoodbye();
    return false;
  }
  SetTimeoutOf(state_);
  return true;
}

bool Connection::ProduceChunk(bool& failed) {
  try {
    return response_.producer(chunk_);
  } catch (const std::exception& fault) {
    LogError("stream {}: {}", plan_.pattern, fault.what());
    failed = true;
    return false;
  }
}

// Puts the stream in line; see OnTurn.
void Connection::TakeTurn() {
  state_ = State::kPause;
  chunk_.clear();  // what was sent of it must not be sent again by BeginShutdown
  SetTimeout(response_.ask_every);
  if (std::exchange(has_turn_, true)) return;
  loop_.Enqueue(shared_from_this());
}

void Connection::OnTurn() {
  has_turn_ = false;
  if (state_ != State::kPause) return;
  state_ = State::kProduce;
  chunk_.clear();
  signal_seen_ = response_.signal->generation();
  bool failed = false;
  const bool more = ProduceChunk(failed);
  if (OnChunk(more, failed)) Process();
}

void Connection::OnSignal(const StreamSignal& signal) {
  if (state_ != State::kPause || response_.signal.get() != &signal) return;
  if (signal_seen_ != signal.generation()) StartProducer();
}

void Connection::StartProducer() {
  if (response_.signal != nullptr && response_.produce_inline) {
    TakeTurn();
    return;
  }
  state_ = State::kProduce;
  chunk_.clear();
  if (response_.signal != nullptr) signal_seen_ = response_.signal->generation();
  const bool posted = loop_.server.piece_pool.TryPost([self = shared_from_this()] {
    bool failed = false;
    const bool more = self->ProduceChunk(failed);
    boost::asio::post(self->loop_.io, [self, more, failed] {
      if (self->OnChunk(more, failed)) self->Process();
    });
  });
  // Only while the server closes everything.
  if (!posted) {
    state_ = State::kPause;
    timeout_at_ = loop_.now;
  }
}

bool Connection::OnChunk(bool more, bool failed) {
  if (state_ != State::kProduce) return false;
  if (failed) {
    // Without the last chunk of length 0 the client knows that the body is cut.
    Close();
    return false;
  }
  if (loop_.stopping && response_.endless) more = false;
  stream_ends_ = !more;
  if (chunk_.empty() && more) {
    Pause();
    return false;
  }
  if (!is_http_1_0_) {
    if (!chunk_.empty()) {
      out_ = fmt::format("{:x}\r\n", chunk_.size());
      chunk_ += "\r\n";
    }
    if (!more) chunk_ += "0\r\n\r\n";
  }
  out_body_ = chunk_;
  request_sent_bytes_ += out_.size() + chunk_.size();
  return Flush(State::kProduce);
}

void Connection::Pause() {
  state_ = State::kPause;
  if (response_.signal == nullptr) {
    SetTimeout(loop_.server.options.stream_poll);
    return;
  }
  SetTimeout(response_.ask_every);
  // What was notified between the producer's look and here found no stream that waits.
  if (signal_seen_ != response_.signal->generation()) StartProducer();
}

void Connection::EndRequest() {
  Summarize();
  request_open_ = false;
  cancel_.reset();
  request_.cancel = nullptr;
  response_ = {};
  if (request_.body.capacity() > kKeepBytesMax) std::string().swap(request_.body);
  if (chunk_.capacity() > kKeepBytesMax) std::string().swap(chunk_);
}

void Connection::Summarize() {
  const ServerOptions& options = loop_.server.options;
  if (!options.on_request) return;
  RequestSummary summary;
  summary.route = plan_.pattern;
  summary.method = request_.method;
  summary.status = response_.status;
  summary.duration = loop_.server.clock.Monotonic() - begun_at_;
  summary.bytes_received = request_.body.size();
  summary.bytes_sent = request_sent_bytes_;
  summary.remote_address = request_.remote_address;
  summary.principal = request_.principal.name;
  options.on_request(summary);
}

void Connection::SayGoodbye() {
  state_ = State::kLinger;
  SetTimeoutOf(state_);
  // The sending side is closed first and what the client still sends is read: closing at once with
  // unread data resets the connection, and the client might lose the answer.
  in_begin_ = in_end_ = 0;
  StartGoodbye();
}

void Connection::ReadMore() {
  const std::size_t unread = Unread().size();
  if (in_begin_ > 0 && unread > 0) std::copy_n(in_.data() + in_begin_, unread, in_.data());
  in_begin_ = 0;
  in_end_ = unread;
  if (state_ == State::kBody && in_.size() < kBodyReadBytes) in_.resize(kBodyReadBytes);
  if (state_ == State::kIdle && in_.size() > kKeepBytesMax / 2)
    std::vector<char>(kReadBytes).swap(in_);
  if (in_end_ == in_.size()) in_.resize(2 * in_.size());
  reading_ = true;
  StartRead(in_.data() + in_end_, in_.size() - in_end_);
}

void Connection::OnRead(bool failed, std::size_t bytes) {
  reading_ = false;
  const bool timed_out = std::exchange(read_timed_out_, false);
  if (state_ == State::kClosed) return;
  if (failed && timed_out) {
    if (Refuse(408, ErrorCode::kDeadlineExceeded, "the request did not come in time")) Process();
    return;
  }
  if (failed) {
    Close();
    return;
  }
  if (state_ == State::kLinger) {
    in_begin_ = in_end_ = 0;
    ReadMore();
    return;
  }
  in_end_ += bytes;
  Process();
}

void Connection::SetTimeoutOf(State state) {
  const ServerOptions& options = loop_.server.options;
  switch (state) {
    case State::kIdle:
      SetTimeout(requests_ == 0 ? options.header_timeout : options.idle_timeout);
      break;
    case State::kHandshake:
    case State::kHead:
      SetTimeout(options.header_timeout);
      break;
    case State::kBody:
      SetTimeout(options.body_timeout);
      break;
    case State::kSend:
      SetTimeout(options.write_timeout);
      break;
    case State::kLinger:
      SetTimeout(kLingerTime);
      break;
    case State::kHandler:
    case State::kProduce:
    case State::kPause:
    case State::kClosed:
      break;
  }
}

void Connection::OnTick(std::size_t turn) {
  switch (state_) {
    case State::kHandshake:
    case State::kIdle:
    case State::kSend:
    case State::kLinger:
      if (loop_.now >= timeout_at_) Close();
      break;
    case State::kHead:
    case State::kBody:
      if (loop_.now < timeout_at_) break;
      if (reading_) {
        read_timed_out_ = true;
        CancelTransport();
      } else {
        Close();
      }
      break;
    case State::kHandler:
      if (request_.deadline.count() > 0 && loop_.now >= request_.deadline) cancel_->Cancel();
      if (ClientIsGone()) cancel_->Cancel();
      break;
    case State::kProduce:
      if (ClientIsGone()) cancel_->Cancel();
      break;
    case State::kPause:
      if ((response_.signal == nullptr || turn % kTicksBetweenLooks == 0) && ClientIsGone()) {
        Close();
      } else if (loop_.now >= timeout_at_) {
        StartProducer();
      }
      break;
    case State::kClosed:
      break;
  }
}

void Connection::BeginShutdown() {
  switch (state_) {
    case State::kHandshake:
    case State::kIdle:
      Close();
      break;
    case State::kPause:
      if (response_.endless) {
        state_ = State::kProduce;
        if (OnChunk(false, false)) Process();
      }
      break;
    case State::kHead:
    case State::kBody:
    case State::kHandler:
    case State::kSend:
    case State::kProduce:
    case State::kLinger:
    case State::kClosed:
      break;
  }
  keep_alive_ = false;
}

void Connection::Close() {
  if (state_ == State::kClosed) return;
  const auto self = shared_from_this();
  if (cancel_.has_value()) cancel_->Cancel();
  // An event stream ends when its reader leaves: that is an answered request all the same.
  if (request_open_) Summarize();
  request_open_ = false;
  state_ = State::kClosed;
  CloseTransport();
  loop_.Drop(*this);
}

// Looks for the end of the client's stream even behind unread data. A client that only closes its
// sending side while it waits counts as gone as well: its handler is asked to stop, but an answer
// that comes is sent.
bool Connection::ClientIsGone() {
  pollfd descriptor{};
  descriptor.fd = native_handle();
  descriptor.events = POLLRDHUP;
  if (::poll(&descriptor, 1, 0) <= 0) return false;
  return (descriptor.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace cqd::http
