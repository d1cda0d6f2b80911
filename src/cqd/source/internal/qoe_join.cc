#include "source/internal/qoe_join.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "source/normalise.h"

namespace cqd::source::internal {
namespace {

using model::Field;
using model::FieldType;
using model::kNull;
using model::RejectReason;
using model::Side;

constexpr QoeTable kStreamTables[] = {QoeTable::kAudioStream, QoeTable::kVideoStream,
                                      QoeTable::kAppSharingStream};
constexpr QoeTable kSideTables[] = {QoeTable::kAudioSignal, QoeTable::kAudioClientEvent,
                                    QoeTable::kVideoClientEvent};

std::size_t At(QoeTable table) {
  return static_cast<std::size_t>(table);
}

/// (time, sequence): all that tables have in common.
using SessionKey = std::pair<std::int64_t, std::int64_t>;
SessionKey SessionOf(const FactKey& key) {
  return {key.time, key.seq};
}

/// Lookups whose target table the schema reference does not name: a miss there says nothing
/// (reference/qoe-metrics-schema.md 3, MediaLine, Wi-Fi driver columns). A conference that is not
/// found is a peer-to-peer dialog.
bool MayDangle(const ColumnMapping& column) {
  return column.dictionary == QoeDictionary::kConference ||
         column.field == Field::kCallerWifiDriver || column.field == Field::kCalleeWifiDriver ||
         column.field == Field::kCallerWifiDriverVersion ||
         column.field == Field::kCalleeWifiDriverVersion;
}

}  // namespace

Joiner::Joiner(const Schema& schema, DictionaryCache& dictionaries, model::SourceId source,
               UtcTime now)
    : schema_(schema), dictionaries_(dictionaries), source_(source), now_(now) {}

std::vector<std::pair<QoeDictionary, std::vector<std::int64_t>>> Joiner::UnknownKeys(
    const Window& window) const {
  std::array<std::vector<std::int64_t>, kQoeDictionaryCount> unknown;
  const auto look = [&](QoeDictionary dictionary, const TableRows& rows, int column) {
    if (column < 0 || rows.row_count() == 0) return;
    std::int64_t last = kNull;
    for (const std::int64_t key : rows.cells[static_cast<std::size_t>(column)]) {
      if (key == kNull || key == last || dictionaries_.IsKnown(dictionary, key)) continue;
      unknown[static_cast<std::size_t>(dictionary)].push_back(last = key);
    }
  };
  for (int i = 0; i < kQoeTableCount; ++i) {
    const auto table = static_cast<QoeTable>(i);
    const TablePlan& plan = schema_.of(table);
    const TableRows& rows = window.of(table);
    const auto& columns = MappingOf(table).columns;
    for (std::size_t c = 0; c < plan.mapped.size(); ++c) {
      if (columns[c].dictionary != QoeDictionary::kNone)
        look(columns[c].dictionary, rows, plan.mapped[c]);
    }
  }
  for (const QoeTable table : {QoeTable::kFeedback, QoeTable::kFeedbackToken}) {
    look(QoeDictionary::kUser, window.of(table), schema_.of(table).key_tail[0]);
  }
  look(QoeDictionary::kTokenDef, window.of(QoeTable::kFeedbackToken),
       schema_.of(QoeTable::kFeedbackToken).extras[kExtraTokenId]);
  std::vector<std::pair<QoeDictionary, std::vector<std::int64_t>>> lists;
  for (int i = 0; i < kQoeDictionaryCount; ++i) {
    auto& keys = unknown[static_cast<std::size_t>(i)];
    if (!keys.empty()) lists.emplace_back(static_cast<QoeDictionary>(i), std::move(keys));
  }
  return lists;
}

bool Joiner::NextSession(const Window& window, Spans& spans) const {
  std::optional<SessionKey> next;
  for (const QoeTable table : kStreamTables) {
    const TableRows& rows = window.of(table);
    const std::size_t at = spans[At(table)].end;
    if (at == rows.row_count()) continue;
    const SessionKey key = SessionOf(rows.keys[at]);
    if (!next || key < *next) next = key;
  }
  if (!next) return false;
  for (int i = 0; i < kQoeTableCount; ++i) {
    const TableRows& rows = window.tables[static_cast<std::size_t>(i)];
    Span& span = spans[static_cast<std::size_t>(i)];
    std::size_t at = span.end;
    while (at < rows.row_count() && SessionOf(rows.keys[at]) < *next) ++at;
    span.begin = at;
    while (at < rows.row_count() && SessionOf(rows.keys[at]) == *next) ++at;
    span.end = at;
  }
  return true;
}

Status Joiner::Join(const Window& window, const std::function<Status(Joined&&, bool last)>& sink) {
  Joined joined;
  Spans spans{};
  while (NextSession(window, spans)) {
    JoinSession(window, spans, joined);
    if (joined.rows.size() + joined.rejected.size() < kBatchRows) continue;
    CQD_RETURN_IF_ERROR(sink(std::move(joined), false));
    joined = Joined();
  }
  return sink(std::move(joined), true);
}

void Joiner::JoinSession(const Window& window, const Spans& spans, Joined& out) {
  const Span session = spans[At(QoeTable::kSession)];
  const Span media = spans[At(QoeTable::kMediaLine)];
  const std::size_t first_row = out.rows.size();
  lines_.clear();
  if (!session.empty()) {
    model::StreamRow base;
    SetFields(QoeTable::kSession, window.of(QoeTable::kSession), session.begin, Side::kCaller,
              base);
    SetFeedback(window, spans, base);
    const TableRows& media_rows = window.of(QoeTable::kMediaLine);
    for (std::size_t row = media.begin; row < media.end; ++row) {
      lines_.push_back({media_rows.keys[row].tail[0], base});
      model::StreamRow& line = lines_.back().row;
      SetFields(QoeTable::kMediaLine, media_rows, row, Side::kCaller, line);
      SetSubnets(media_rows, row, line);
      // A side's report is there or not: NULL means no (reference/qoe-metrics-schema.md 2, Caller /
      // Callee).
      for (const Field field : {Field::kCallerReported, Field::kCalleeReported}) {
        if (!line.Has(field)) line.Set(field, 0);
      }
      for (const QoeTable table : kSideTables) {
        const TableRows& rows = window.of(table);
        for (std::size_t at = spans[At(table)].begin; at < spans[At(table)].end; ++at) {
          if (rows.keys[at].tail[0] != lines_.back().label || rows.keys[at].tail[1] == kNull)
            continue;
          SetFields(table, rows, at, rows.keys[at].tail[1] != 0 ? Side::kCaller : Side::kCallee,
                    line);
        }
      }
    }
  }
  for (const QoeTable table : kStreamTables) {
    const TableRows& rows = window.of(table);
    for (std::size_t row = spans[At(table)].begin; row < spans[At(table)].end;) {
      std::size_t end = row + 1;
      while (end < spans[At(table)].end && rows.keys[end] == rows.keys[row]) ++end;
      AddStream(window, spans, table, PickPayload(table, rows, row, end), out);
      row = end;
    }
  }
  if (out.rows.size() > first_row) FinishSession(std::span(out.rows).subspan(first_row));
}

/// Of several rows of one video stream (its key has the codec) the one that aggregates the others,
/// else the one with most packets.
std::size_t Joiner::PickPayload(QoeTable table, const TableRows& rows, std::size_t begin,
                                std::size_t end) const {
  // Other stream tables have no such rows; there a duplicate is the same row twice.
  if (end - begin == 1 || table != QoeTable::kVideoStream) return begin;
  const TablePlan& plan = schema_.of(QoeTable::kVideoStream);
  const int packets = PlaceOf(QoeTable::kVideoStream, Field::kPackets);
  const auto rank = [&](std::size_t row) {
    return std::pair(rows.Cell(plan.extras[kExtraAggregated], row) == 1, rows.Cell(packets, row));
  };
  std::size_t best = begin;
  for (std::size_t row = begin + 1; row < end; ++row) {
    if (rank(row) > rank(best)) best = row;
  }
  return best;
}

void Joiner::AddStream(const Window& window, const Spans& spans, QoeTable table, std::size_t row,
                       Joined& out) {
  const TableRows& rows = window.of(table);
  const FactKey& key = rows.keys[row];
  if (const auto reason = CheckSessionTime(FromMicros(key.time), now_)) {
    Reject(window, spans, table, row, *reason, "ConferenceDateTime cannot be right", out);
    return;
  }
  if (key.seq == kNull || key.tail[0] == kNull || key.tail[1] == kNull) {
    Reject(window, spans, table, row, RejectReason::kKeyPartMissing, "a part of the key is NULL",
           out);
    return;
  }
  const auto line = std::find_if(lines_.begin(), lines_.end(),
                                 [&](const Line& one) { return one.label == key.tail[0]; });
  if (line == lines_.end()) {
    Reject(window, spans, table, row, RejectReason::kNoSession,
           spans[At(QoeTable::kSession)].empty() ? "no row in Session" : "no row in MediaLine",
           out);
    return;
  }
  model::StreamRow& stream = out.rows.emplace_back(line->row);
  stream.key = {.source = source_,
                .session_time = FromMicros(key.time),
                .session_seq = key.seq,
                .media_label = static_cast<std::int32_t>(key.tail[0]),
                .stream_id = key.tail[1]};
  SetFields(table, rows, row, Side::kCaller, stream);
}

void Joiner::SetFields(QoeTable table, const TableRows& rows, std::size_t row, Side side,
                       model::StreamRow& out) {
  const TableMapping& mapping = MappingOf(table);
  const TablePlan& plan = schema_.of(table);
  for (std::size_t c = 0; c < plan.mapped.size(); ++c) {
    const std::int64_t cell = rows.Cell(plan.mapped[c], row);
    if (cell == kNull) continue;
    const ColumnMapping& column = mapping.columns[c];
    const Field field = mapping.per_side ? model::Of(column.field, side) : column.field;
    if (column.fallback && out.Has(field)) continue;
    SetField(column, field, rows, cell, out);
  }
}

void Joiner::SetField(const ColumnMapping& column, Field field, const TableRows& rows,
                      std::int64_t cell, model::StreamRow& out) {
  const model::FieldInfo& info = model::InfoOf(field);
  switch (info.type) {
    case FieldType::kKey:
      if (column.dictionary != QoeDictionary::kNone) {
        SetKey(column, field, cell, out);
      } else if (const auto text = Trim(rows.texts[static_cast<std::size_t>(cell)]);
                 !text.empty()) {
        out.Set(field, dictionaries_.Intern(info.space, text));
      }
      break;
    case FieldType::kDecimal:
      model::SetMetric(out, field, std::bit_cast<double>(cell));
      break;
    case FieldType::kInteger:
      model::SetMetric(out, field, static_cast<double>(cell));
      break;
    case FieldType::kFlag:
      out.Set(field, cell != 0 ? 1 : 0);
      break;
    case FieldType::kMask:
      // The database's int is signed; a set top bit is a bit like any other.
      out.Set(field, static_cast<std::int64_t>(static_cast<std::uint64_t>(cell) & 0xFFFFFFFFU));
      break;
    case FieldType::kTime:
      out.Set(field, cell);
      break;
  }
}

void Joiner::SetKey(const ColumnMapping& column, Field field, std::int64_t cell,
                    model::StreamRow& out) {
  if (!dictionaries_.Exists(column.dictionary, cell)) {
    // 0 is how some columns say "none": keys count from 1.
    if (cell != 0 && !MayDangle(column)) model::MarkRepair(out, model::Repair::kDanglingKey);
    return;
  }
  const model::KeyId key = dictionaries_.KeyOf(column.dictionary, cell, model::InfoOf(field).space);
  if (key != model::kNoKey) out.Set(field, key);
}

/// Where the server told no subnet, the address itself still finds the building.
void Joiner::SetSubnets(const TableRows& rows, std::size_t row, model::StreamRow& out) {
  for (const Side side : {Side::kCaller, Side::kCallee}) {
    const Field subnet = model::Of(Field::kCallerSubnet, side);
    if (out.Has(subnet)) continue;
    const int place = PlaceOf(QoeTable::kMediaLine, model::Of(Field::kCallerAddress, side));
    const std::int64_t address = rows.Cell(place, row);
    if (address == kNull) continue;
    const model::KeyId key = dictionaries_.AddressAsSubnet(address);
    if (key != model::kNoKey) out.Set(subnet, key);
  }
}

int Joiner::PlaceOf(QoeTable table, Field field) const {
  const auto& columns = MappingOf(table).columns;
  const TablePlan& plan = schema_.of(table);
  for (std::size_t c = 0; c < plan.mapped.size(); ++c) {
    if (columns[c].field == field) return plan.mapped[c];
  }
  return -1;
}

std::optional<Side> Joiner::SideOf(std::int64_t user_key, const TableRows& sessions,
                                   std::size_t row, const model::StreamRow& out) {
  const TablePlan& plan = schema_.of(QoeTable::kSession);
  const model::KeyId user =
      dictionaries_.KeyOf(QoeDictionary::kUser, user_key, model::KeySpace::kUser);
  for (const Side side : {Side::kCaller, Side::kCallee}) {
    const bool caller = side == Side::kCaller;
    if (user != model::kNoKey && out.Get(model::Of(Field::kCallerUser, side)) == user) return side;
    if (sessions.Cell(plan.extras[caller ? kExtraCallerPai : kExtraCalleePai], row) == user_key)
      return side;
  }
  return std::nullopt;
}

void Joiner::SetFeedback(const Window& window, const Spans& spans, model::StreamRow& out) {
  const Span ratings = spans[At(QoeTable::kFeedback)];
  const Span tokens = spans[At(QoeTable::kFeedbackToken)];
  if (ratings.empty() && tokens.empty()) return;
  const TableRows& sessions = window.of(QoeTable::kSession);
  const std::size_t session = spans[At(QoeTable::kSession)].begin;
  const auto side_of = [&](std::int64_t user) {
    const auto side = SideOf(user, sessions, session, out);
    // Feedback of somebody who is neither end of the call belongs to nobody here.
    if (!side) model::MarkRepair(out, model::Repair::kDanglingKey);
    return side;
  };
  const TableRows& rating_rows = window.of(QoeTable::kFeedback);
  const int rating = schema_.of(QoeTable::kFeedback).mapped.empty()
                         ? -1
                         : schema_.of(QoeTable::kFeedback).mapped[0];
  for (std::size_t row = ratings.begin; row < ratings.end; ++row) {
    const auto side = side_of(rating_rows.keys[row].tail[0]);
    const std::int64_t value = rating_rows.Cell(rating, row);
    if (side && value != kNull) {
      model::SetMetric(out, model::Of(Field::kCallerRating, *side), static_cast<double>(value));
    }
  }
  const TableRows& token_rows = window.of(QoeTable::kFeedbackToken);
  for (std::size_t row = tokens.begin; row < tokens.end;) {
    std::size_t end = row;
    const std::int64_t from = token_rows.keys[row].tail[0];
    while (end < tokens.end && token_rows.keys[end].tail[0] == from) ++end;
    if (const auto side = side_of(from)) SetTokens(window, {row, end}, *side, out);
    row = end;
  }
}

void Joiner::SetTokens(const Window& window, Span span, Side side, model::StreamRow& out) {
  const TableRows& rows = window.of(QoeTable::kFeedbackToken);
  const auto& extras = schema_.of(QoeTable::kFeedbackToken).extras;
  std::map<std::int64_t, bool> ticked;
  for (std::size_t row = span.begin; row < span.end; ++row) {
    const std::int64_t id = rows.Cell(extras[kExtraTokenId], row);
    const std::int64_t value = rows.Cell(extras[kExtraTokenValue], row);
    if (id != kNull) ticked[id] = ticked[id] || (value != kNull && value != 0);
  }
  if (ticked.empty()) return;
  std::string text = "{";
  model::Value issues = 0;
  for (const auto& [id, set] : ticked) {
    std::string name(dictionaries_.TextOf(QoeDictionary::kTokenDef, id));
    if (name.empty()) name = std::to_string(id);
    text += fmt::format("{}{}:{};", text.size() == 1 ? "" : " ", name, set ? 1 : 0);
    if (set) issues |= FeedbackIssueOf(id);
  }
  text += "}";
  out.Set(model::Of(Field::kCallerFeedbackTokens, side),
          dictionaries_.Intern(model::KeySpace::kFeedbackTokens, text));
  out.Set(model::Of(Field::kCallerFeedbackIssues, side), issues);
}

std::string Joiner::JsonOf(QoeTable table, const TableRows& rows, std::size_t row) const {
  const TablePlan& plan = schema_.of(table);
  std::string json = fmt::format("\"{}\":{{", MappingOf(table).name);
  for (std::size_t c = 0; c < plan.columns.size(); ++c) {
    if (c != 0) json += ",";
    AppendJsonText(json, plan.columns[c].name);
    json += ":";
    const std::int64_t cell = rows.cells[c][row];
    if (cell == kNull) {
      json += "null";
      continue;
    }
    switch (plan.columns[c].type) {
      case odbc::FetchType::kInteger:
        json += std::to_string(cell);
        break;
      case odbc::FetchType::kReal:
        // Not a number and infinities have no JSON number.
        if (const double value = std::bit_cast<double>(cell); value - value == 0) {
          json += fmt::format("{}", value);
        } else {
          json += fmt::format("\"{}\"", value);
        }
        break;
      case odbc::FetchType::kTime:
        AppendJsonText(json, FormatRfc3339(FromMicros(cell)));
        break;
      case odbc::FetchType::kText:
        AppendJsonText(json, rows.texts[static_cast<std::size_t>(cell)]);
        break;
    }
  }
  return json + "}";
}

void Joiner::Reject(const Window& window, const Spans& spans, QoeTable table, std::size_t row,
                    RejectReason reason, std::string detail, Joined& out) const {
  const FactKey& key = window.of(table).keys[row];
  const auto part = [](std::int64_t value) {
    return value == kNull ? std::string("null") : std::to_string(value);
  };
  std::string payload = "{" + JsonOf(table, window.of(table), row);
  const Span session = spans[At(QoeTable::kSession)];
  if (!session.empty())
    payload += "," + JsonOf(QoeTable::kSession, window.of(QoeTable::kSession), session.begin);
  const Span media = spans[At(QoeTable::kMediaLine)];
  for (std::size_t at = media.begin; at < media.end; ++at) {
    if (window.of(QoeTable::kMediaLine).keys[at].tail[0] != key.tail[0]) continue;
    payload += "," + JsonOf(QoeTable::kMediaLine, window.of(QoeTable::kMediaLine), at);
    break;
  }
  payload += "}";
  out.rejected.push_back(
      {.source = source_,
       .reason = reason,
       .record_key =
           fmt::format("{} {}/{}/{}/{}", MappingOf(table).name, FormatRfc3339(FromMicros(key.time)),
                       part(key.seq), part(key.tail[0]), part(key.tail[1])),
       .detail = std::move(detail),
       .payload = std::move(payload)});
}

}  // namespace cqd::source::internal
