#include "cube/query_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "cube/internal/answer_cache.h"
#include "cube/internal/gate.h"
#include "cube/internal/what_if.h"

namespace cqd::cube {

struct QueryService::State {
  State(SnapshotSource source, const QueryServiceOptions& given, const Clock& time)
      : snapshots(std::move(source)),
        options(given),
        clock(time),
        cache(given.cache_bytes_max),
        gate(given.queries_max, given.waiting_max) {}

  const SnapshotSource snapshots;
  const QueryServiceOptions options;
  const Clock& clock;
  AnswerCache cache;
  Gate gate;
  QueryCosts costs;
  std::mutex clearing_mutex;  ///< guards what follows
  std::int64_t clearings = 0;
  std::optional<UtcTime> cleared_at;
  std::string cleared_by;

  QueryLimits Limits(const CancelToken* cancel) const {
    return {options.groups_max, options.time_max, cancel, options.query_bytes_max};
  }
  /// Runs `compute` when there is a place in the lane.
  Result<Answer> Admit(const CancelToken* cancel, Lane lane,
                       const std::function<Result<Answer>()>& compute);
  Result<Answer> Compute(const Snapshot& snapshot, const CubeQuery& query,
                         const CancelToken* cancel);
  void Respond(const CubeQuery& query, const CancelToken* cancel, QueryOutcome& outcome) {
    Respond(snapshots(), query, cancel, outcome);
  }
  void Respond(const std::shared_ptr<const Snapshot>& snapshot, const CubeQuery& query,
               const CancelToken* cancel, QueryOutcome& outcome);
  /// Errors: kNotFound with `field`, naming the versions that are kept.
  Result<std::shared_ptr<const Snapshot>> FindVersion(std::int64_t version,
                                                      const std::string& field) const;
  /// The answer of a what-if question beside the published one.
  void AddWhatIf(const std::shared_ptr<const Snapshot>& snapshot, const CubeQuery& query,
                 const CancelToken* cancel, QueryOutcome& outcome);
  /// A query with what its body asks for besides.
  Status RespondTo(const CubeQuery& query, const QueryExtras& extras, const CancelToken* cancel,
                   QueryOutcome& outcome);
  void AddFunnel(const std::shared_ptr<const Snapshot>& snapshot, const CubeQuery& query,
                 const CancelToken* cancel, QueryOutcome& outcome);
  void AddExplain(const std::shared_ptr<const Snapshot>& snapshot, const CubeQuery& query,
                  const CancelToken* cancel, QueryOutcome& outcome);
};

namespace {

Error NoCube() {
  return Fail(ErrorCode::kUnavailable,
              "the cube has not been processed yet; the first processing run makes it");
}

void SetError(QueryOutcome& outcome, Error error, ErrorType type) {
  outcome.error = std::move(error);
  outcome.error_type = type;
}

}  // namespace

Result<Answer> QueryService::State::Admit(const CancelToken* cancel, Lane lane,
                                          const std::function<Result<Answer>()>& compute) {
  CQD_RETURN_IF_ERROR(gate.Enter(cancel, lane));
  const Place place(gate, lane);
  return compute();
}

Result<Answer> QueryService::State::Compute(const Snapshot& snapshot, const CubeQuery& query,
                                            const CancelToken* cancel) {
  CubeQuery capped = query;
  capped.row_limit = std::min(query.row_limit.value_or(options.rows_max), options.rows_max);
  Answer answer;
  const Duration begin = clock.Monotonic();
  CQD_ASSIGN_OR_RETURN(answer.table, snapshot.Answer(capped, Limits(cancel)));
  costs.Note(query, clock.Monotonic() - begin);
  if (!query.row_limit && answer.table.truncated) {
    return Fail(
        ErrorCode::kResourceExhausted,
        fmt::format("the answer has {} rows, {} are allowed; ask for fewer dimensions, more "
                    "filters, or set LimitResultRowsCount",
                    answer.table.rows_before_limit, options.rows_max));
  }
  return answer;
}

void QueryService::State::Respond(const std::shared_ptr<const Snapshot>& snapshot,
                                  const CubeQuery& query, const CancelToken* cancel,
                                  QueryOutcome& outcome) {
  if (snapshot == nullptr) return SetError(outcome, NoCube(), ErrorType::kCubeUnavailable);
  outcome.data_version = snapshot->data_version();
  outcome.data_as_of = snapshot->data_through();

  const AnswerCache::Found found =
      cache.GetOrMake({"q" + CanonicalText(query), snapshot->data_version(), false, cancel}, [&] {
        return Admit(cancel, costs.LaneOf(query),
                     [&] { return Compute(*snapshot, query, cancel); });
      });
  outcome.from_cache = found.from_cache;
  if (!found.answer.ok()) {
    return SetError(outcome, found.answer.error(), ErrorTypeOf(found.answer.error().code));
  }
  const SharedAnswer& answer = *found.answer;
  outcome.table = std::shared_ptr<const ResultTable>(answer, &answer->table);
}

/// Past the cache: the query runs once more. The answer stands also when this fails.
void QueryService::State::AddExplain(const std::shared_ptr<const Snapshot>& snapshot,
                                     const CubeQuery& query, const CancelToken* cancel,
                                     QueryOutcome& outcome) {
  if (outcome.error || snapshot == nullptr) return;
  const auto explanation = [&]() -> Result<QueryExplanation> {
    const Lane lane = costs.LaneOf(query);
    CQD_RETURN_IF_ERROR(gate.Enter(cancel, lane));
    const Place place(gate, lane);
    return snapshot->Explain(query, Limits(cancel));
  }();
  if (explanation.ok()) {
    outcome.explain_json = ExplainJson(*explanation);
    return;
  }
  outcome.explain_json = "{\"Error\":";
  AppendJsonText(outcome.explain_json, explanation.error().message);
  outcome.explain_json += '}';
}

/// The answer stands also when its funnel fails.
void QueryService::State::AddFunnel(const std::shared_ptr<const Snapshot>& snapshot,
                                    const CubeQuery& query, const CancelToken* cancel,
                                    QueryOutcome& outcome) {
  if (outcome.error && snapshot != nullptr) return;
  const ArchiveCounts counts = options.archive_counts ? options.archive_counts() : ArchiveCounts{};
  Result<Funnel> funnel = [&]() -> Result<Funnel> {
    CQD_RETURN_IF_ERROR(gate.Enter(cancel, Lane::kLong));
    const Place place(gate, Lane::kLong);
    return MakeFunnel(snapshot.get(), query, outcome.table.get(), counts, Limits(cancel));
  }();
  if (funnel.ok()) {
    outcome.funnel_json = FunnelJson(*funnel);
    return;
  }
  outcome.funnel_json = "{\"Error\":";
  AppendJsonText(outcome.funnel_json, funnel.error().message);
  outcome.funnel_json += '}';
}

Result<std::shared_ptr<const Snapshot>> QueryService::State::FindVersion(
    std::int64_t version, const std::string& field) const {
  std::vector<std::shared_ptr<const Snapshot>> kept;
  if (options.versions) {
    kept = options.versions();
  } else if (auto newest = snapshots()) {
    kept.push_back(std::move(newest));
  }
  std::vector<std::int64_t> known;
  for (const auto& snapshot : kept) {
    if (snapshot->data_version() == version) return snapshot;
    known.push_back(snapshot->data_version());
  }
  return Fail(ErrorCode::kNotFound,
              fmt::format("{}: data version {} is not kept; kept are: {}", field, version,
                          fmt::join(known, ", ")),
              {}, field);
}

void QueryService::State::AddWhatIf(const std::shared_ptr<const Snapshot>& snapshot,
                                    const CubeQuery& query, const CancelToken* cancel,
                                    QueryOutcome& outcome) {
  QueryOutcome judged;
  Respond(snapshot, query, cancel, judged);
  if (judged.error) {
    SetError(outcome, *judged.error, judged.error_type);
    outcome.table = nullptr;
    return;
  }
  outcome.what_if =
      FurtherRows{fmt::format("\"Changed\":{},\"Thresholds\":{}", ChangedLimitsJson(*query.what_if),
                              ThresholdsJson(*query.what_if)),
                  judged.table};
}

Status QueryService::State::RespondTo(const CubeQuery& asked, const QueryExtras& extras,
                                      const CancelToken* cancel, QueryOutcome& outcome) {
  CubeQuery query = asked;
  query.what_if.reset();  // the published classes first, always
  std::shared_ptr<const Snapshot> snapshot = snapshots();
  std::shared_ptr<const Snapshot> other;
  if (extras.as_of) {
    CQD_ASSIGN_OR_RETURN(snapshot, FindVersion(*extras.as_of, "AsOf"));
  }
  if (extras.compare_to) {
    CQD_ASSIGN_OR_RETURN(other, FindVersion(*extras.compare_to, "CompareTo"));
  }
  Respond(snapshot, query, cancel, outcome);
  if (asked.what_if && !outcome.error) AddWhatIf(snapshot, asked, cancel, outcome);
  if (extras.explain) AddExplain(snapshot, query, cancel, outcome);
  if (extras.funnel) AddFunnel(snapshot, query, cancel, outcome);
  if (other == nullptr || outcome.error) return OkStatus();
  QueryOutcome second;
  Respond(other, query, cancel, second);
  if (second.error) {
    SetError(outcome, *second.error, second.error_type);
    outcome.table = nullptr;
    return OkStatus();
  }
  outcome.comparison =
      FurtherRows{fmt::format("\"DataVersion\":{},\"PublishedAt\":\"{}\"", second.data_version,
                              FormatRfc3339(other->published_at())),
                  second.table};
  return OkStatus();
}

QueryService::QueryService(SnapshotSource snapshots, const QueryServiceOptions& options,
                           const Clock& clock)
    : state_(std::make_unique<State>(std::move(snapshots), options, clock)) {}
QueryService::~QueryService() = default;

QueryOutcome QueryService::RunQuery(std::string_view body, const CancelToken* cancel) {
  const Duration begin = state_->clock.Monotonic();
  QueryOutcome outcome;
  Result<CubeQuery> query = ParseCubeQuery(body);
  Result<QueryExtras> extras = ParseQueryExtras(body);
  if (!query.ok()) {
    SetError(outcome, std::move(query).error(), ErrorType::kInvalidQuery);
  } else if (!extras.ok()) {
    SetError(outcome, std::move(extras).error(), ErrorType::kInvalidQuery);
  } else if (const Status status = state_->RespondTo(*query, *extras, cancel, outcome);
             !status.ok()) {
    SetError(outcome, status.error(), ErrorType::kInvalidQuery);
  }
  outcome.elapsed = state_->clock.Monotonic() - begin;
  return outcome;
}

QueryOutcome QueryService::RunQuery(const CubeQuery& query, const CancelToken* cancel) {
  const Duration begin = state_->clock.Monotonic();
  QueryOutcome outcome;
  state_->Respond(query, cancel, outcome);
  outcome.elapsed = state_->clock.Monotonic() - begin;
  return outcome;
}

Result<MembersPage> QueryService::ListMembers(std::string_view body, const CancelToken* cancel) {
  CQD_ASSIGN_OR_RETURN(const MembersRequest request, ParseMembersRequest(body));
  const std::shared_ptr<const Snapshot> snapshot = state_->snapshots();
  const QueryLimits limits = state_->Limits(cancel);
  // Lists of the registry need neither data nor the cache.
  if (request.attribute->member_source == model::MemberSource::kFixed || snapshot == nullptr) {
    CQD_ASSIGN_OR_RETURN(const auto all, AllMembers(*request.attribute, nullptr, limits));
    return SelectMembers(all, request);
  }
  const AnswerCache::Found found = state_->cache.GetOrMake(
      {fmt::format("m{}", request.attribute->id), snapshot->data_version(), request.bypass_cache,
       cancel},
      [&] {
        return state_->Admit(cancel, Lane::kQuick, [&]() -> Result<Answer> {
          Answer answer;
          CQD_ASSIGN_OR_RETURN(answer.members,
                               AllMembers(*request.attribute, snapshot.get(), limits));
          return answer;
        });
      });
  if (!found.answer.ok()) return found.answer.error();
  return SelectMembers((*found.answer)->members, request);
}

Result<CausesReport> QueryService::FindCauses(const Executor& executor,
                                              const CausesRequest& request,
                                              const CancelToken* cancel) {
  CQD_RETURN_IF_ERROR(state_->gate.Enter(cancel, Lane::kLong));
  const Place place(state_->gate, Lane::kLong);
  return cube::FindCauses(executor, request, state_->Limits(cancel));
}

void QueryService::Clear(std::string_view by) {
  state_->cache.Clear();
  const std::lock_guard guard(state_->clearing_mutex);
  ++state_->clearings;
  state_->cleared_at = state_->clock.Now();
  state_->cleared_by = std::string(by);
}

QueryStatistics QueryService::statistics() const {
  const AnswerCache::Statistics now = state_->cache.statistics();
  const std::lock_guard guard(state_->clearing_mutex);
  return {.hits = now.hits,
          .shared = now.shared,
          .misses = now.misses,
          .entries = now.entries,
          .bytes = now.bytes,
          .clearings = state_->clearings,
          .cleared_at = state_->cleared_at,
          .cleared_by = state_->cleared_by,
          .computing = state_->gate.inside(),
          .waiting = state_->gate.waiting()};
}

}  // namespace cqd::cube
