#include "alert/store.h"

#include <fmt/format.h>

#include <array>

#include "alert/internal/outage_json.h"

namespace cqd::alert {
namespace {

using sqlite::Statement;

constexpr sqlite::Migration kMigrations[] = {{1, R"sql(
CREATE TABLE outage(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  subject TEXT NOT NULL,
  state TEXT NOT NULL,
  severity TEXT NOT NULL,
  since INTEGER NOT NULL,
  last_look_at INTEGER NOT NULL,
  held_us INTEGER NOT NULL,
  opened_at INTEGER,
  ended_at INTEGER,
  acked_by TEXT NOT NULL,
  acked_at INTEGER,
  messages INTEGER NOT NULL,
  last_sent_at INTEGER,
  details TEXT NOT NULL);
CREATE INDEX outage_by_state ON outage(state, seq);
CREATE INDEX outage_by_id ON outage(id);
CREATE TABLE delivery(
  id INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  outage_id TEXT NOT NULL,
  event TEXT NOT NULL,
  message_id TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  last_try_at INTEGER,
  next_try_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  code INTEGER NOT NULL,
  error TEXT NOT NULL,
  finished_at INTEGER);
CREATE INDEX delivery_by_state ON delivery(state, id);
CREATE INDEX delivery_by_outage ON delivery(outage_id, id);
)sql"}};

/// An alarm does not wait long for a tool that holds the file: it is told, and stored later.
constexpr int kBusyMs = 500;

constexpr std::string_view kOutageColumns =
    "seq, id, subject, state, severity, since, last_look_at, held_us, opened_at, ended_at, "
    "acked_by, acked_at, messages, last_sent_at, details";
constexpr std::string_view kDeliveryColumns =
    "id, target, outage_id, event, message_id, body, created_at, attempts, last_try_at, "
    "next_try_at, state, code, error, finished_at";

constexpr std::array kStates = {DeliveryState::kWaiting, DeliveryState::kDelivered,
                                DeliveryState::kGivenUp};

std::optional<UtcTime> TimeAt(const Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return FromMicros(row.Int(column));
}

void BindTime(Statement& statement, int parameter, const std::optional<UtcTime>& time) {
  if (time) {
    statement.BindInt(parameter, ToMicros(*time));
  } else {
    statement.BindNull(parameter);
  }
}

Result<Outage> ReadOutage(const Statement& row) {
  Outage outage;
  outage.seq = row.Int(0);
  outage.id = row.Text(1);
  outage.subject = row.Text(2);
  const auto state = ParseOutageState(row.Text(3));
  const auto severity = ParseHealth(row.Text(4));
  if (!state || !severity)
    return Fail(ErrorCode::kCorruption, "a stored outage cannot be read", outage.id);
  outage.state = *state, outage.severity = *severity;
  outage.since = FromMicros(row.Int(5));
  outage.last_look_at = FromMicros(row.Int(6));
  outage.held = Duration(row.Int(7));
  outage.opened_at = TimeAt(row, 8);
  outage.ended_at = TimeAt(row, 9);
  outage.acked_by = row.Text(10);
  outage.acked_at = TimeAt(row, 11);
  outage.messages = static_cast<int>(row.Int(12));
  outage.last_sent_at = TimeAt(row, 13);
  CQD_RETURN_IF_ERROR(DecodeOutageDetails(row.Text(14), outage));
  return outage;
}

Result<Delivery> ReadDelivery(const Statement& row) {
  Delivery delivery;
  delivery.id = row.Int(0);
  delivery.target = row.Text(1);
  delivery.outage_id = row.Text(2);
  const auto event = ParseEvent(row.Text(3));
  const auto state = ParseDeliveryState(row.Text(10));
  if (!event || !state) {
    return Fail(ErrorCode::kCorruption, "a stored message cannot be read",
                std::to_string(delivery.id));
  }
  delivery.event = *event, delivery.state = *state;
  delivery.message_id = row.Text(4);
  delivery.body = row.Text(5);
  delivery.created_at = FromMicros(row.Int(6));
  delivery.attempts = static_cast<int>(row.Int(7));
  delivery.last_try_at = TimeAt(row, 8);
  delivery.next_try_at = FromMicros(row.Int(9));
  delivery.code = static_cast<int>(row.Int(11));
  delivery.error = row.Text(12);
  delivery.finished_at = TimeAt(row, 13);
  return delivery;
}

template <typename Row>
Result<std::vector<Row>> ReadAll(Statement& statement, Result<Row> (*read)(const Statement&)) {
  std::vector<Row> rows;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool more, statement.Step());
    if (!more) return rows;
    CQD_ASSIGN_OR_RETURN(Row row, read(statement));
    rows.push_back(std::move(row));
  }
}

}  // namespace

std::string_view DeliveryStateName(DeliveryState state) {
  switch (state) {
    case DeliveryState::kWaiting:
      return "waiting";
    case DeliveryState::kDelivered:
      return "delivered";
    case DeliveryState::kGivenUp:
      return "given_up";
  }
  return "unknown";
}

std::optional<DeliveryState> ParseDeliveryState(std::string_view name) {
  for (const DeliveryState state : kStates) {
    if (DeliveryStateName(state) == name) return state;
  }
  return std::nullopt;
}

Result<std::unique_ptr<Store>> Store::Open(const std::string& path) {
  CQD_ASSIGN_OR_RETURN(auto database, sqlite::Database::Open(path, {.busy_timeout_ms = kBusyMs}));
  CQD_RETURN_IF_ERROR(sqlite::Migrate(database, kMigrations, "the alerts"));
  return std::unique_ptr<Store>(new Store(std::move(database)));
}

Result<std::unique_ptr<Store>> Store::OpenForReading(const std::string& path) {
  CQD_ASSIGN_OR_RETURN(auto database,
                       sqlite::Database::Open(path, {.mode = sqlite::OpenMode::kReadOnly}));
  return std::unique_ptr<Store>(new Store(std::move(database)));
}

Result<Store::Unfinished> Store::Load() {
  const std::lock_guard guard(mutex_);
  Unfinished unfinished;
  CQD_ASSIGN_OR_RETURN(
      Statement outages,
      database_.Prepare(fmt::format(
          "SELECT {} FROM outage WHERE state IN ('pending','open') ORDER BY seq", kOutageColumns)));
  CQD_ASSIGN_OR_RETURN(unfinished.outages, ReadAll(outages, ReadOutage));
  CQD_ASSIGN_OR_RETURN(
      Statement deliveries,
      database_.Prepare(fmt::format("SELECT {} FROM delivery WHERE state='waiting' ORDER BY id",
                                    kDeliveryColumns)));
  CQD_ASSIGN_OR_RETURN(unfinished.deliveries, ReadAll(deliveries, ReadDelivery));
  CQD_ASSIGN_OR_RETURN(const auto last_seq, database_.QueryInt("SELECT max(seq) FROM outage"));
  CQD_ASSIGN_OR_RETURN(const auto last_id, database_.QueryInt("SELECT max(id) FROM delivery"));
  unfinished.last_seq = last_seq.value_or(0);
  unfinished.last_delivery_id = last_id.value_or(0);
  return unfinished;
}

Status Store::SaveOutage(const Outage& outage) {
  CQD_ASSIGN_OR_RETURN(
      Statement put, database_.Prepare(fmt::format(
                         "INSERT OR REPLACE INTO outage({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                         kOutageColumns)));
  const std::string details = EncodeOutageDetails(outage);
  put.BindInt(1, outage.seq).BindText(2, outage.id).BindText(3, outage.subject);
  put.BindText(4, OutageStateName(outage.state));
  put.BindText(5, integration::HealthName(outage.severity));
  put.BindInt(6, ToMicros(outage.since)).BindInt(7, ToMicros(outage.last_look_at));
  put.BindInt(8, outage.held.count());
  BindTime(put, 9, outage.opened_at);
  BindTime(put, 10, outage.ended_at);
  put.BindText(11, outage.acked_by);
  BindTime(put, 12, outage.acked_at);
  put.BindInt(13, outage.messages);
  BindTime(put, 14, outage.last_sent_at);
  put.BindText(15, details);
  return put.Run();
}

Status Store::SaveDelivery(const Delivery& delivery) {
  CQD_ASSIGN_OR_RETURN(
      Statement put, database_.Prepare(fmt::format(
                         "INSERT OR REPLACE INTO delivery({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                         kDeliveryColumns)));
  put.BindInt(1, delivery.id).BindText(2, delivery.target).BindText(3, delivery.outage_id);
  put.BindText(4, EventName(delivery.event)).BindText(5, delivery.message_id);
  put.BindText(6, delivery.body).BindInt(7, ToMicros(delivery.created_at));
  put.BindInt(8, delivery.attempts);
  BindTime(put, 9, delivery.last_try_at);
  put.BindInt(10, ToMicros(delivery.next_try_at));
  put.BindText(11, DeliveryStateName(delivery.state)).BindInt(12, delivery.code);
  put.BindText(13, delivery.error);
  BindTime(put, 14, delivery.finished_at);
  return put.Run();
}

Status Store::Save(std::span<const Outage> outages, std::span<const std::int64_t> forgotten,
                   std::span<const Delivery> deliveries) {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(auto transaction, sqlite::Transaction::Begin(database_));
  for (const Outage& outage : outages) CQD_RETURN_IF_ERROR(SaveOutage(outage));
  CQD_ASSIGN_OR_RETURN(Statement forget,
                       database_.Prepare("DELETE FROM outage WHERE seq=? AND state='pending'"));
  for (const std::int64_t seq : forgotten) {
    CQD_RETURN_IF_ERROR(forget.BindInt(1, seq).Run());
  }
  for (const Delivery& delivery : deliveries) CQD_RETURN_IF_ERROR(SaveDelivery(delivery));
  return transaction.Commit();
}

Status Store::Prune() {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(auto transaction, sqlite::Transaction::Begin(database_));
  CQD_RETURN_IF_ERROR(database_.Execute(
      fmt::format("DELETE FROM outage WHERE state='ended' AND seq NOT IN "
                  "(SELECT seq FROM outage WHERE state='ended' ORDER BY seq DESC LIMIT {});"
                  "DELETE FROM delivery WHERE state<>'waiting' AND id NOT IN "
                  "(SELECT id FROM delivery WHERE state<>'waiting' ORDER BY id DESC LIMIT {})",
                  kOutagesKept, kDeliveriesKept)));
  return transaction.Commit();
}

Result<std::vector<Outage>> Store::ListOutages(const OutageFilter& filter) {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(
      Statement list,
      database_.Prepare(fmt::format("SELECT {} FROM outage WHERE state<>'pending' AND (?1='' OR "
                                    "state=?1) AND seq<?2 ORDER BY seq DESC LIMIT ?3",
                                    kOutageColumns)));
  list.BindText(1, filter.state ? OutageStateName(*filter.state) : "");
  list.BindInt(2, filter.before_seq.value_or(INT64_MAX));
  list.BindInt(3, static_cast<std::int64_t>(filter.most));
  return ReadAll(list, ReadOutage);
}

Result<Outage> Store::FindOutage(std::string_view id) {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(Statement find, database_.Prepare(fmt::format(
                                           "SELECT {} FROM outage WHERE id=? AND state<>'pending'",
                                           kOutageColumns)));
  find.BindText(1, id);
  CQD_ASSIGN_OR_RETURN(const bool found, find.Step());
  if (!found) return Fail(ErrorCode::kNotFound, "there is no outage of that id", {}, "id");
  return ReadOutage(find);
}

Result<std::vector<Delivery>> Store::ListDeliveries(const DeliveryFilter& filter) {
  const std::lock_guard guard(mutex_);
  CQD_ASSIGN_OR_RETURN(
      Statement list,
      database_.Prepare(fmt::format(
          "SELECT {} FROM delivery WHERE (?1='' OR target=?1) AND (?2='' OR outage_id=?2) AND "
          "(?3='' OR state=?3) AND id<?4 ORDER BY id DESC LIMIT ?5",
          kDeliveryColumns)));
  list.BindText(1, filter.target).BindText(2, filter.outage_id);
  list.BindText(3, filter.state ? DeliveryStateName(*filter.state) : "");
  list.BindInt(4, filter.before_id.value_or(INT64_MAX));
  list.BindInt(5, static_cast<std::int64_t>(filter.most));
  return ReadAll(list, ReadDelivery);
}

}  // namespace cqd::alert
