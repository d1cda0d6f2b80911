#include "source/qoe_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "source/internal/qoe_dictionary.h"
#include "source/internal/qoe_join.h"
#include "source/internal/qoe_link.h"
#include "source/internal/qoe_prefetch.h"

namespace cqd::source {

namespace {

using internal::DictionaryCache;
using internal::Joined;
using internal::Joiner;
using internal::Link;
using internal::RateLimiter;
using internal::Window;
using internal::WindowReader;

/// Session times later than this from now are absurd (source/normalise.h); they are read on their
/// own, so that they never move the watermark.
constexpr Duration kFuture = std::chrono::days(1);
/// The beginning of time for databases: SQL Server's datetime knows nothing before.
constexpr UtcTime kBeginning{std::chrono::sys_days{std::chrono::year{1753} / 1 / 1}};

UtcTime NextWholeSecond(UtcTime time) {
  return std::chrono::floor<std::chrono::seconds>(time) + std::chrono::seconds(1);
}

Status CheckRange(bool good, std::string_view field, std::string_view allowed) {
  if (good) return OkStatus();
  return Fail(ErrorCode::kInvalidArgument, fmt::format("{} must be {}", field, allowed), {},
              std::string(field));
}

/// What the key of a rejected record tells: "AudioStream 2015-03-01T10:00:00Z/1/0/2", a part that
/// the database does not know is "null" (internal/qoe_join.cc).
struct RecordKey {
  std::optional<UtcTime> session_time;
  ReplayProof proof;
};

RecordKey ParseRecordKey(model::SourceId source, std::string_view text) {
  RecordKey key;
  const std::vector<std::string_view> parts = Split(text.substr(text.find(' ') + 1), '/');
  const auto time = ParseTime(parts[0]);
  if (!time.ok()) return key;
  key.session_time = *time;
  if (parts.size() != 4) return key;
  const auto seq = ParseInt(parts[1]), label = ParseInt(parts[2]), stream = ParseInt(parts[3]);
  if (seq && label && stream) {
    key.proof = {ReplayProof::Kind::kStream,
                 {source, *time, *seq, static_cast<std::int32_t>(*label), *stream}};
  }
  return key;
}

}  // namespace

class QoeMetricsSource::Impl {
 public:
  Impl(QoeMetricsOptions options, const Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        link_(std::make_unique<Link>(options_, clock)) {}

  const std::string& name() const { return options_.name; }
  Result<Probe> LookAt(const CancelToken& cancel);
  Status Read(const std::optional<std::string>& watermark, const ReadContext& context,
              const BatchSink& sink);

 private:
  /// What a read covers.
  struct Extent {
    std::optional<TimeRange> range;   ///< believable session times
    std::optional<TimeRange> future;  ///< the others
    UtcTime server_now;
  };
  /// One read's moving parts.
  struct Progress {
    std::optional<UtcTime> old_watermark;
    std::optional<UtcTime> reached;  ///< the newest watermark handed out
    std::int64_t streams = 0;
  };

  Status Connect(const CancelToken& cancel);
  Result<Extent> FindExtent(std::optional<UtcTime> watermark, const CancelToken& cancel);
  Status ReadAll(std::optional<UtcTime> watermark, const ReadContext& context,
                 const BatchSink& sink);
  Status ReadRange(TimeRange range, UtcTime watermark_max, const ReadContext& context,
                   const BatchSink& sink, Progress& progress);
  Status HandOut(const Window& window, UtcTime watermark_max, Joiner& joiner,
                 const ReadContext& context, const BatchSink& sink, Progress& progress);
  void Forget();

  const QoeMetricsOptions options_;
  const Clock& clock_;
  std::unique_ptr<Link> link_;
  std::unique_ptr<DictionaryCache> dictionaries_;
};

Status QoeMetricsSource::Impl::Connect(const CancelToken& cancel) {
  Status connected = link_->Connect(cancel);
  CQD_RETURN_IF_ERROR(cancel.Check());
  CQD_RETURN_IF_ERROR(connected);
  if (dictionaries_ == nullptr)
    dictionaries_ = std::make_unique<DictionaryCache>(link_->schema(), clock_);
  return OkStatus();
}

/// After an upgrade tables and columns differ: look again next time.
void QoeMetricsSource::Impl::Forget() {
  dictionaries_.reset();
  link_ = std::make_unique<Link>(options_, clock_);
}

Result<Probe> QoeMetricsSource::Impl::LookAt(const CancelToken& cancel) {
  Forget();
  auto connected = Connect(cancel);
  if (!connected.ok()) {
    Error error = std::move(connected).error();
    // The server answers, but has no such database: something to configure.
    if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kFailedPrecondition;
    return error;
  }
  Probe probe;
  probe.at = clock_.Now();
  probe.remarks = link_->schema().remarks;
  CQD_RETURN_IF_ERROR(link_->Run(cancel, [&](odbc::Connection&, WindowReader& reader) -> Status {
    CQD_ASSIGN_OR_RETURN(const UtcTime server_now, reader.ServerNow());
    probe.clock_skew = server_now - clock_.Now();
    CQD_ASSIGN_OR_RETURN(probe.last_record_at, reader.LastTime(clock_.Now() + kFuture));
    return OkStatus();
  }));
  return probe;
}

Result<QoeMetricsSource::Impl::Extent> QoeMetricsSource::Impl::FindExtent(
    std::optional<UtcTime> watermark, const CancelToken& cancel) {
  Extent extent;
  const UtcTime future = clock_.Now() + kFuture;
  const UtcTime from = watermark ? *watermark - options_.margin : kBeginning;
  CQD_RETURN_IF_ERROR(link_->Run(cancel, [&](odbc::Connection&, WindowReader& reader) -> Status {
    extent = Extent();
    CQD_ASSIGN_OR_RETURN(extent.server_now, reader.ServerNow());
    CQD_ASSIGN_OR_RETURN(const auto first, reader.FirstTimeFrom(from));
    if (!first) return OkStatus();
    CQD_ASSIGN_OR_RETURN(const auto last, reader.LastTime(future));
    if (*first < future && last)
      extent.range = TimeRange{*first, std::min(NextWholeSecond(*last), future)};
    CQD_ASSIGN_OR_RETURN(const auto last_of_all, reader.LastTime(std::nullopt));
    if (last_of_all && *last_of_all >= future) {
      CQD_ASSIGN_OR_RETURN(const auto next, reader.FirstTimeFrom(std::max(future, from)));
      if (next) extent.future = TimeRange{*next, NextWholeSecond(*last_of_all)};
    }
    return OkStatus();
  }));
  return extent;
}

Status QoeMetricsSource::Impl::Read(const std::optional<std::string>& watermark,
                                    const ReadContext& context, const BatchSink& sink) {
  std::optional<UtcTime> from;
  if (watermark) {
    const auto time = ParseTime(*watermark);
    if (!time.ok()) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("the watermark of source {} is not a time", options_.name),
                  *watermark, "watermark");
    }
    from = *time;
  }
  Status status = ReadAll(from, context, sink);
  if (!status.ok() && (status.error().code == ErrorCode::kNotFound ||
                       status.error().code == ErrorCode::kInvalidArgument)) {
    Forget();
  }
  return status;
}

Status QoeMetricsSource::Impl::ReadAll(std::optional<UtcTime> watermark, const ReadContext& context,
                                       const BatchSink& sink) {
  auto connected = Connect(context.cancel);
  if (!connected.ok()) {
    Error error = std::move(connected).error();
    if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kFailedPrecondition;
    return error;
  }
  dictionaries_->StartRead(context.interner);
  CQD_ASSIGN_OR_RETURN(const Extent extent, FindExtent(watermark, context.cancel));
  Progress progress{.old_watermark = watermark};
  if (extent.range) {
    // Never past the server's own clock: a row stamped ahead of it must not hide those that come at
    // their proper time.
    CQD_RETURN_IF_ERROR(ReadRange(*extent.range, extent.server_now, context, sink, progress));
  }
  if (extent.future) {
    // They move the position nowhere, but each batch needs one, or nobody would store it.
    const UtcTime here = progress.reached.value_or(watermark.value_or(extent.server_now));
    CQD_RETURN_IF_ERROR(ReadRange(*extent.future, here, context, sink, progress));
  }
  return OkStatus();
}

Status QoeMetricsSource::Impl::ReadRange(TimeRange range, UtcTime watermark_max,
                                         const ReadContext& context, const BatchSink& sink,
                                         Progress& progress) {
  RateLimiter limiter(clock_, options_.rows_per_second);
  const bool backlog =
      range.end - range.begin > options_.backlog_from && options_.rows_per_second <= 0;
  const auto stream =
      backlog ? internal::MakePrefetchStream(link_->schema(), range, options_, limiter, clock_,
                                             context.cancel)
              : internal::MakeInlineStream(*link_, range, options_, limiter, context.cancel);
  Joiner joiner(link_->schema(), *dictionaries_, context.id, clock_.Now());
  for (;;) {
    CQD_RETURN_IF_ERROR(context.cancel.Check());
    CQD_ASSIGN_OR_RETURN(const auto window, stream->Next());
    if (!window) return OkStatus();
    for (auto& unknown : joiner.UnknownKeys(*window)) {
      CQD_RETURN_IF_ERROR(
          link_->Run(context.cancel, [&](odbc::Connection& connection, WindowReader&) {
            return dictionaries_->Load(connection, unknown.first, unknown.second,
                                       options_.query_timeout_s);
          }));
    }
    CQD_RETURN_IF_ERROR(HandOut(*window, watermark_max, joiner, context, sink, progress));
  }
}

Status QoeMetricsSource::Impl::HandOut(const Window& window, UtcTime watermark_max, Joiner& joiner,
                                       const ReadContext& context, const BatchSink& sink,
                                       Progress& progress) {
  return joiner.Join(window, [&](Joined&& joined, bool last) -> Status {
    CQD_RETURN_IF_ERROR(context.cancel.Check());
    Batch batch;
    batch.rows = std::move(joined.rows);
    batch.rejected = std::move(joined.rejected);
    progress.streams += static_cast<std::int64_t>(batch.rows.size());
    if (last) {
      batch.source_rows_read = window.row_count;
      UtcTime reached = std::min(window.range.end, watermark_max);
      if (progress.old_watermark) reached = std::max(reached, *progress.old_watermark);
      progress.reached = reached;
      batch.watermark = FormatRfc3339(reached);
    }
    CQD_RETURN_IF_ERROR(sink(std::move(batch)));
    if (context.progress)
      context.progress({.done = progress.streams, .total = std::nullopt, .unit = "streams"});
    return OkStatus();
  });
}

Result<std::unique_ptr<QoeMetricsSource>> QoeMetricsSource::Create(const QoeMetricsOptions& options,
                                                                   const Clock& clock) {
  CQD_RETURN_IF_ERROR(CheckRange(!options.name.empty(), "name", "given"));
  CQD_RETURN_IF_ERROR(
      CheckRange(!Trim(options.connection_string).empty(), "connection_string", "given"));
  CQD_RETURN_IF_ERROR(
      CheckRange(options.margin >= Duration(0) && options.margin <= std::chrono::days(7), "margin",
                 "0 to 7 days"));
  CQD_RETURN_IF_ERROR(CheckRange(options.window_rows >= 1000 && options.window_rows <= 1'000'000,
                                 "window_rows", "1000 to 1000000"));
  CQD_RETURN_IF_ERROR(
      CheckRange(options.rows_per_second >= 0, "rows_per_second", "0 (no limit) or more"));
  CQD_RETURN_IF_ERROR(
      CheckRange(options.query_timeout_s >= 0, "query_timeout_s", "0 (no limit) or more"));
  CQD_RETURN_IF_ERROR(CheckRange(options.login_timeout_s >= 1 && options.login_timeout_s <= 600,
                                 "login_timeout_s", "1 to 600"));
  CQD_RETURN_IF_ERROR(
      CheckRange(options.connections == 1 || options.connections == 2, "connections", "1 or 2"));
  CQD_RETURN_IF_ERROR(
      CheckRange(options.reconnect.attempts >= 0 && options.reconnect.first_wait >= Duration(0),
                 "reconnect", "0 or more attempts and no negative wait"));
  return std::unique_ptr<QoeMetricsSource>(
      new QoeMetricsSource(std::make_unique<Impl>(options, clock)));
}

QoeMetricsSource::QoeMetricsSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
QoeMetricsSource::~QoeMetricsSource() = default;
const std::string& QoeMetricsSource::name() const {
  return impl_->name();
}
Result<Probe> QoeMetricsSource::LookAt() {
  const CancelToken never;
  return impl_->LookAt(never);
}
Result<Probe> QoeMetricsSource::LookAtUnless(const CancelToken& cancel) {
  return impl_->LookAt(cancel);
}
Result<Rewound> QoeMetricsSource::Rewind(model::SourceId id,
                                         std::span<const std::string> record_keys,
                                         const std::optional<std::string>& watermark) {
  Rewound rewound{watermark, {}};
  std::optional<UtcTime> oldest;
  for (const std::string& text : record_keys) {
    const RecordKey key = ParseRecordKey(id, text);
    rewound.proofs.push_back(key.proof);
    if (key.session_time) oldest = std::min(oldest.value_or(*key.session_time), *key.session_time);
  }
  // Without a position everything is read anyway.
  if (!oldest || !watermark) return rewound;
  CQD_ASSIGN_OR_RETURN(const UtcTime now, ParseTime(*watermark));
  if (*oldest < now) rewound.watermark = FormatRfc3339(*oldest);
  return rewound;
}
Status QoeMetricsSource::Read(const std::optional<std::string>& watermark,
                              const ReadContext& context, const BatchSink& sink) {
  return impl_->Read(watermark, context, sink);
}

}  // namespace cqd::source
