// One client's connection: reads requests, has them answered, writes the answers in order.
// Heavy header (Boost.Asio, Boost.Beast).
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/internal/dispatcher.h"
#include "http/internal/io_loop.h"
#include "http/internal/request_parser.h"
#include "http/message.h"

namespace cqd::http {

/// The part that is the same with and without TLS: a machine of states, driven by Process().
///
///   kHandshake -> kIdle -> kHead -> kBody -> kHandler -> kSend -> kIdle ...
///                                                     -> kProduce <-> kSend, kPause
/// A stream that is produced inline waits for its turn in kPause, also when it has more to send.
///   any -> kLinger -> kClosed
///
/// One request is worked on at a time; what a client sends ahead (pipelining) waits in `in_`, so
/// answers leave in the order of their requests. Small answers to requests sent ahead leave
/// together.
/// Threads: the loop's only; a worker touches request_ and response_ while state_ is kHandler, and
/// a thread of pieces response_ and chunk_ while it is kProduce.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(IoLoop& loop, std::string remote_address, bool refused);
  virtual ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  virtual void Start() = 0;
  /// `turn` grows by one each tick and differs between connections: what need not be done at every
  /// tick is spread by it.
  void OnTick(std::size_t turn);
  /// Something is new for streams that wait for `signal`.
  void OnSignal(const StreamSignal& signal);
  /// What IoLoop::Enqueue promised: the stream's producer is asked.
  void OnTurn();
  void BeginShutdown();
  /// At once, whatever the state; sets the cancel token of a running handler.
  void Close();

  /// The place in the loop's list; the loop's own.
  std::size_t index = 0;

 protected:
  enum class State {
    kHandshake,
    kIdle,     // between requests, nothing of the next one is here
    kHead,     // a part of a head is here
    kBody,     // a part of a body is missing
    kHandler,  // a worker runs the handler
    kSend,     // a write is under way
    kProduce,  // the next chunk is being made
    kPause,    // the producer had nothing
    kLinger,   // all is sent; waits for the client to close
    kClosed,
  };

  // What the transport does. Each calls back on the loop's thread.
  virtual void StartRead(char* to, std::size_t bytes) = 0;
  /// Sends the start of first and second. True: that many bytes went at once, in `sent`.
  /// False: OnWritten follows.
  virtual bool StartWrite(std::string_view first, std::string_view second, std::size_t& sent) = 0;
  virtual void StartGoodbye() = 0;
  virtual void CancelTransport() = 0;
  virtual void CloseTransport() = 0;
  virtual int native_handle() = 0;

  void OnReady();
  void OnRead(bool failed, std::size_t bytes);
  void OnWritten(bool failed, std::size_t bytes);

  IoLoop& loop_;
  const bool refused_;
  State state_ = State::kHandshake;
  Duration timeout_at_{0};
  std::vector<char> in_;

 private:
  // Functions that return bool: true means that Process goes on with the state that is set now,
  // false that something was started which calls back (or that the connection is closed).
  void Process();
  bool StepHead();
  bool BeginRequest();
  bool StepBody();
  bool Execute();
  bool PostHandler();
  void OnHandlerDone();
  bool QueueResponse();
  bool Refuse(int status, ErrorCode code, std::string message);
  bool Flush(State resume);
  bool ContinueFlush();
  bool AfterFlush();
  void NoteSent(std::size_t bytes);
  void StartProducer();
  void TakeTurn();
  void Pause();
  bool ProduceChunk(bool& failed);
  bool OnChunk(bool more, bool failed);
  void EndRequest();
  void Summarize();
  void SayGoodbye();
  void ReadMore();
  void SetTimeout(Duration from_now) { timeout_at_ = loop_.now + from_now; }
  void SetTimeoutOf(State state);
  bool ClientIsGone();
  std::string_view Unread() const { return {in_.data() + in_begin_, in_end_ - in_begin_}; }

  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  bool reading_ = false;
  bool read_timed_out_ = false;

  Request request_;
  std::optional<RequestParser> parser_;  // of the request that is being read
  Plan plan_;
  Response response_;
  std::optional<CancelToken> cancel_;
  Duration begun_at_{0};
  std::uint64_t request_sent_bytes_ = 0;
  std::uint64_t requests_ = 0;
  bool keep_alive_ = true;
  bool is_http_1_0_ = false;

  State resume_ = State::kIdle;  // where to go on after the write under way
  std::string out_;
  std::string_view out_body_;  // behind out_, of response_ or chunk_, sent without a copy
  std::size_t out_sent_ = 0;
  std::size_t progress_bytes_ = 0;
  bool request_open_ = false;  // the answer that is being sent is not wholly in out_ yet
  std::string chunk_;
  bool stream_ends_ = false;
  std::uint64_t signal_seen_ = 0;  // generation of the signal before the producer was last asked
  bool has_turn_ = false;          // is in the loop's queue
};

/// Takes over an accepted socket. `refused`: only says 503 and closes.
std::shared_ptr<Connection> MakeConnection(IoLoop& loop, boost::asio::ip::tcp::socket socket,
                                           std::string remote_address, bool refused);

}  // namespace cqd::http
