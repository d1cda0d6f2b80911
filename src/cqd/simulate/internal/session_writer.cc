#include "simulate/internal/session_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "simulate/internal/catalogue.h"

namespace cqd::simulate {
namespace {

// Salts of the random numbers of a session: one per purpose, so that more numbers for one purpose
// change nothing elsewhere.
enum Salt : std::uint64_t {
  kSaltPath = 1,
  kSaltLines,
  kSaltClock,
  kSaltCaller,
  kSaltCallee,
  kSaltIds
};

constexpr double kAbsurdClockShare = 0.001;

/// Seconds that an absurd clock is off: evenly over the steps, from half a minute to 200 years.
std::int64_t DrawAbsurdSeconds(Random& random) {
  constexpr std::int64_t kDay = 86'400;
  constexpr std::int64_t kYear = 31'557'600;
  constexpr std::int64_t kSteps[] = {30,    300,        3600,       kDay,       30 * kDay,
                                     kYear, 10 * kYear, 60 * kYear, 200 * kYear};
  const int step = random.Below(8);
  const double within = random.Uniform();
  const auto low = static_cast<double>(kSteps[step]);
  const auto high = static_cast<double>(kSteps[step + 1]);
  const auto seconds = static_cast<std::int64_t>(low + within * (high - low));
  return random.Chance(0.5) ? seconds : -seconds;
}

void SetTimes(SessionFacts& facts) {
  Random random(Mix(facts.plan->seed, kSaltClock));
  const Duration delay(1'000'000 + static_cast<std::int64_t>(random.Exponential() * 1.5e6));
  const Duration skew(static_cast<std::int64_t>(random.Normal() * 0.8e6));
  const UtcTime true_end = facts.plan->received - delay;
  facts.end = true_end + skew;
  facts.start = facts.end - std::chrono::seconds(facts.plan->duration_s);
  if (!random.Chance(kAbsurdClockShare)) return;
  facts.absurd_clock = true;
  const Duration off = std::chrono::seconds(DrawAbsurdSeconds(random));
  // One in five clocks is set during the call: then only the end is off.
  if (!random.Chance(0.2)) facts.start += off;
  facts.end += off;
}

void SetLines(SessionFacts& facts) {
  Random random(Mix(facts.plan->seed, kSaltLines));
  const double video = random.Uniform();
  const double panorama = random.Uniform();
  const double sharing = random.Uniform();
  const double vbss = random.Uniform();
  facts.measured = facts.plan->duration_s >= 5 && !random.Chance(0.005);
  facts.mid_call = random.Chance(0.01);
  const bool desk_phone =
      facts.caller.kind == AgentKind::kDeskPhone || facts.callee.kind == AgentKind::kDeskPhone;
  switch (facts.plan->kind) {
    case SessionKind::kPeer:
      facts.has_video = video < 0.25 && !desk_phone;
      facts.has_sharing = sharing < 0.15 && !desk_phone;
      facts.has_vbss = vbss < 0.05 && !desk_phone;
      break;
    case SessionKind::kConference:
      facts.has_video = video < 0.45 && !desk_phone;
      facts.has_panorama = panorama < 0.03;
      facts.has_vbss = vbss < 0.12 && !desk_phone;
      break;
    case SessionKind::kSharing:
      facts.has_audio = false;
      facts.has_sharing = true;
      break;
    case SessionKind::kPstnClient:
    case SessionKind::kPstnGateway:
    case SessionKind::kPstnBypass:
    case SessionKind::kService:
      break;
  }
}

Party MakeParty(const Organisation& org, const PlannedSession& plan, bool caller) {
  const bool server = caller ? plan.caller_is_server : plan.callee_is_server;
  const int index = caller ? plan.caller : plan.callee;
  if (server) return ServerParty(org, index, Mix(plan.seed, caller ? kSaltCaller : kSaltCallee));
  // A user stays at one place with one client for an hour.
  const auto hour =
      std::chrono::floor<std::chrono::hours>(plan.received.time_since_epoch()).count();
  return UserParty(
      org, index,
      Mix(org.seed, static_cast<std::uint64_t>(index), static_cast<std::uint64_t>(hour)),
      plan.received);
}

Cell KeyOrNull(LookupKey key) {
  return key == 0 ? Cell() : Cell::Int(key);
}

std::int64_t Checksum(std::uint64_t seed) {
  return static_cast<std::int64_t>(Mix(seed, kSaltIds) & 0x7FFFFFFF);
}

}  // namespace

SessionFacts MakeFacts(const Organisation& org, const PlannedSession& plan, UtcTime until) {
  SessionFacts facts;
  facts.plan = &plan;
  facts.caller = MakeParty(org, plan, true);
  facts.callee = MakeParty(org, plan, false);
  facts.path = DrawPath(org, facts.caller, facts.callee, Mix(plan.seed, kSaltPath), plan.received);
  const bool both = plan.second_at < until;
  facts.caller_reported = both || plan.caller_first;
  facts.callee_reported = both || !plan.caller_first;
  SetTimes(facts);
  SetLines(facts);
  return facts;
}

void SessionWriter::BeginSlot(const SlotPlan& plan, std::int64_t slot, std::int64_t conference_base,
                              std::int64_t correlation_base, bool resumed) {
  slot_ = slot;
  resumed_ = resumed;
  conference_base_ = conference_base;
  correlation_base_ = correlation_base;
  conference_written_.assign(static_cast<std::size_t>(plan.conference_count), false);
  correlation_written_.assign(static_cast<std::size_t>(plan.correlation_count), false);
}

Status SessionWriter::WriteNew(const PlannedSession& plan, UtcTime until) {
  const SessionFacts facts = MakeFacts(org_, plan, until);
  Random ids(Mix(plan.seed, kSaltIds));
  const std::uint64_t high = ids.Next();
  const std::uint64_t low = ids.Next();
  dialog_id_.clear();
  fmt::format_to(std::back_inserter(dialog_id_), "{:016x}{:016x};from-tag={:010x};to-tag={:010x}",
                 high, low, low >> 24, high >> 24);
  CQD_RETURN_IF_ERROR(WriteConference(plan));
  CQD_RETURN_IF_ERROR(WriteCorrelation(plan));
  CQD_RETURN_IF_ERROR(WriteDialogAndSession(facts));
  CQD_RETURN_IF_ERROR(WriteLines(facts));
  const bool rated = plan.kind == SessionKind::kPeer || plan.kind == SessionKind::kConference;
  if (rated && facts.measured) {
    CQD_RETURN_IF_ERROR(WriteFeedback(facts, true));
    CQD_RETURN_IF_ERROR(WriteFeedback(facts, false));
  }
  ++report_.sessions;
  report_.absurd_clocks += facts.absurd_clock ? 1 : 0;
  report_.mid_call_sessions += facts.mid_call ? 1 : 0;
  report_.half_reported_sessions += facts.caller_reported && facts.callee_reported ? 0 : 1;
  return OkStatus();
}

Status SessionWriter::Complete(const PlannedSession& plan) {
  ++report_.completed_sessions;
  completing_ = true;
  Status status = WriteLines(MakeFacts(org_, plan, kNever));
  completing_ = false;
  return status;
}

Status SessionWriter::WriteLines(const SessionFacts& facts) {
  if (facts.has_audio) CQD_RETURN_IF_ERROR(WriteAudioLine(facts));
  if (facts.has_video) CQD_RETURN_IF_ERROR(WriteVideoLine(facts, 1));
  if (facts.has_panorama) CQD_RETURN_IF_ERROR(WriteVideoLine(facts, 2));
  if (facts.has_sharing) CQD_RETURN_IF_ERROR(WriteSharingLine(facts));
  if (facts.has_vbss) CQD_RETURN_IF_ERROR(WriteVideoLine(facts, 16));
  return OkStatus();
}

Status SessionWriter::WriteConference(const PlannedSession& plan) {
  if (conference_written_[static_cast<std::size_t>(plan.conference)]) return OkStatus();
  conference_written_[static_cast<std::size_t>(plan.conference)] = true;
  const std::uint64_t id = Mix(org_.seed, static_cast<std::uint64_t>(slot_),
                               0x10000000 + static_cast<std::uint64_t>(plan.conference));
  text_.clear();
  if (plan.organiser >= 0) {
    fmt::format_to(std::back_inserter(text_), "{};gruu;opaque=app:conf:audio-video:id:{:08X}",
                   org_.users[static_cast<std::size_t>(plan.organiser)].uri, id >> 32);
  }
  std::array<Cell, ConferenceColumn::kCount> row;
  row[ConferenceColumn::kConferenceKey] = Cell::Int(conference_base_ + plan.conference + 1);
  row[ConferenceColumn::kConfURI] = Cell::Text(plan.organiser >= 0 ? text_ : dialog_id_);
  row[ConferenceColumn::kChecksum] = Cell::Int(Checksum(id));
  return Put(Table::kConference, row, resumed_);
}

Status SessionWriter::WriteCorrelation(const PlannedSession& plan) {
  if (plan.correlation < 0 || correlation_written_[static_cast<std::size_t>(plan.correlation)]) {
    return OkStatus();
  }
  correlation_written_[static_cast<std::size_t>(plan.correlation)] = true;
  const std::uint64_t id = Mix(org_.seed, static_cast<std::uint64_t>(slot_),
                               0x20000000 + static_cast<std::uint64_t>(plan.correlation));
  text_.clear();
  fmt::format_to(std::back_inserter(text_), "{:016x}-{:016x}", id, Mix(id));
  std::array<Cell, CorrelationColumn::kCount> row;
  row[CorrelationColumn::kCorrelationKey] = Cell::Int(correlation_base_ + plan.correlation + 1);
  row[CorrelationColumn::kCorrelationID] = Cell::Text(text_);
  row[CorrelationColumn::kChecksum] = Cell::Int(Checksum(id));
  return Put(Table::kCorrelation, row, resumed_);
}

Status SessionWriter::WriteDialogAndSession(const SessionFacts& facts) {
  using Col = SessionColumn;
  const PlannedSession& plan = *facts.plan;
  std::array<Cell, DialogColumn::kCount> dialog;
  dialog[DialogColumn::kConferenceDateTime] = Cell::Time(plan.received);
  dialog[DialogColumn::kSessionSeq] = Cell::Int(plan.session_seq);
  dialog[DialogColumn::kDialogID] = Cell::Text(dialog_id_);
  dialog[DialogColumn::kDialogIDChecksum] = Cell::Int(Checksum(plan.seed));
  CQD_RETURN_IF_ERROR(sink_.Write(Table::kDialog, dialog));

  LookupKey caller_uri = facts.caller.uri;
  LookupKey callee_uri = facts.callee.uri;
  if (plan.organiser >= 0) {
    callee_uri = org_.users[static_cast<std::size_t>(plan.organiser)].meeting_uri_key;
  }
  if (plan.phone >= 0) {
    // The outside end is known by its number; the user's end, where the servers talk, by the number
    // too.
    const LookupKey phone = org_.first_phone_uri_key + plan.phone;
    (plan.inbound_pstn ? caller_uri : callee_uri) = phone;
  }
  std::array<Cell, Col::kCount> row;
  row[Col::kConferenceDateTime] = dialog[0];
  row[Col::kSessionSeq] = dialog[1];
  row[Col::kConferenceKey] = Cell::Int(conference_base_ + plan.conference + 1);
  if (plan.correlation >= 0) {
    row[Col::kCorrelationKey] = Cell::Int(correlation_base_ + plan.correlation + 1);
  }
  row[Col::kDialogCategory] = Cell::Int(plan.kind == SessionKind::kPstnGateway ? 1 : 0);
  row[Col::kMediationServerBypassFlag] = Cell::Int(plan.kind == SessionKind::kPstnBypass ? 1 : 0);
  row[Col::kMediaBypassWarningFlag] = Cell::Int(0);
  row[Col::kStartTime] = Cell::Time(facts.start);
  row[Col::kEndTime] = Cell::Time(facts.end);
  row[Col::kCallerPool] = KeyOrNull(facts.caller.pool);
  row[Col::kCalleePool] = KeyOrNull(facts.callee.pool);
  row[Col::kCallerURI] = row[Col::kCallerPAI] = KeyOrNull(caller_uri);
  row[Col::kCalleeUri] = row[Col::kCalleePAI] = KeyOrNull(callee_uri);
  row[Col::kCallerEndpoint] = KeyOrNull(facts.caller.endpoint);
  row[Col::kCalleeEndpoint] = KeyOrNull(facts.callee.endpoint);
  row[Col::kCallerUserAgent] = Cell::Int(facts.caller.agent + 1);
  row[Col::kCalleeUserAgent] = Cell::Int(facts.callee.agent + 1);
  row[Col::kCallPriority] = Cell::Int(0);
  return sink_.Write(Table::kSession, row);
}

namespace {

struct SideColumns {
  int address, port, subnet, inside, mac, relay, relay_port, capture, render, capture_driver,
      render_driver, connection, bssid, vpn, link_speed, ice, ice_flags, reflexive, wifi_driver,
      wifi_version;
};
using Line = MediaLineColumn;
constexpr SideColumns kCallerColumns = {Line::kCallerIPAddr,
                                        Line::kCallerPort,
                                        Line::kCallerSubnet,
                                        Line::kCallerInside,
                                        Line::kCallerMacAddress,
                                        Line::kCallerRelayIPAddr,
                                        Line::kCallerRelayPort,
                                        Line::kCallerCaptureDev,
                                        Line::kCallerRenderDev,
                                        Line::kCallerCaptureDevDriver,
                                        Line::kCallerRenderDevDriver,
                                        Line::kCallerNetworkConnectionType,
                                        Line::kCallerBssid,
                                        Line::kCallerVPN,
                                        Line::kCallerLinkSpeed,
                                        Line::kCallerConnectivityICE,
                                        Line::kCallerIceWarningFlags,
                                        Line::kCallerReflexiveLocalIPAddr,
                                        Line::kCallerWiFiDriverDevicesDesc,
                                        Line::kCallerWiFiDriverVersion};
constexpr SideColumns kCalleeColumns = {Line::kCalleeIPAddr,
                                        Line::kCalleePort,
                                        Line::kCalleeSubnet,
                                        Line::kCalleeInside,
                                        Line::kCalleeMacAddress,
                                        Line::kCalleeRelayIPAddr,
                                        Line::kCalleeRelayPort,
                                        Line::kCalleeCaptureDev,
                                        Line::kCalleeRenderDev,
                                        Line::kCalleeCaptureDevDriver,
                                        Line::kCalleeRenderDevDriver,
                                        Line::kCalleeNetworkConnectionType,
                                        Line::kCalleeBssid,
                                        Line::kCalleeVPN,
                                        Line::kCalleeLinkSpeed,
                                        Line::kCalleeConnectivityICE,
                                        Line::kCalleeIceWarningFlags,
                                        Line::kCalleReflexiveLocalIPAddr,
                                        Line::kCalleeWiFiDriverDevicesDesc,
                                        Line::kCalleeWiFiDriverVersion};

/// `reported`: what only this side's own report carries is null without it; addresses are known
/// from the session description.
void FillSide(std::span<Cell> row, const SideColumns& columns, const Party& party, bool reported,
              int ice, int ice_flags) {
  const auto at = [row](int column) -> Cell& { return row[static_cast<std::size_t>(column)]; };
  at(columns.address) = KeyOrNull(party.address);
  at(columns.port) = Cell::Int(party.port);
  at(columns.inside) = Cell::Int(party.inside ? 1 : 0);
  at(columns.relay) = KeyOrNull(party.relay);
  if (party.relay != 0) at(columns.relay_port) = Cell::Int(party.relay_port);
  at(columns.reflexive) = KeyOrNull(party.reflexive);
  if (!reported) return;
  at(columns.subnet) = KeyOrNull(party.subnet);
  at(columns.mac) = KeyOrNull(party.mac);
  at(columns.capture) = KeyOrNull(party.capture);
  at(columns.render) = KeyOrNull(party.render);
  at(columns.capture_driver) = at(columns.render_driver) = KeyOrNull(party.driver);
  at(columns.connection) = Cell::Int(party.connection);
  at(columns.bssid) = KeyOrNull(party.bssid);
  at(columns.vpn) = Cell::Int(party.vpn ? 1 : 0);
  if (party.link_speed_bps != 0) at(columns.link_speed) = Cell::Decimal(party.link_speed_bps, 0);
  at(columns.ice) = Cell::Int(ice);
  at(columns.ice_flags) = Cell::Int(ice_flags);
  at(columns.wifi_driver) = KeyOrNull(party.wifi_driver);
  at(columns.wifi_version) = KeyOrNull(party.wifi_version);
}

}  // namespace

Status SessionWriter::WriteMediaLine(const SessionFacts& facts, int label, int poor) {
  Random random(Mix(facts.plan->seed, 0x4C, static_cast<std::uint64_t>(label)));
  std::array<Cell, Line::kCount> row;
  row[Line::kConferenceDateTime] = Cell::Time(facts.plan->received);
  row[Line::kSessionSeq] = Cell::Int(facts.plan->session_seq);
  row[Line::kMediaLineLabel] = Cell::Int(label);
  const bool outside = facts.caller.is_outside() || facts.callee.is_outside();
  const bool both_outside = facts.caller.is_outside() && facts.callee.is_outside();
  const bool tcp = outside && random.Chance(0.06);
  // 1 direct, 2 relay, 4 HTTP, 8 failed: reference/qoe-metrics-schema.md 2.
  const double connect = random.Uniform();
  const int ice = !outside                        ? 1
                  : both_outside && connect < 0.4 ? 1
                  : connect < 0.97                ? 2
                  : connect < 0.99                ? 4
                                                  : 8;
  const int warnings = ice == 8 ? 0x10000 : ice != 1 && random.Chance(0.1) ? 0x8000 : 0;
  row[Line::kSecurity] = Cell::Int(random.Chance(0.98) ? 1 : 0);
  row[Line::kTransport] = Cell::Int(tcp ? 1 : 0);
  FillSide(row, kCallerColumns, facts.caller, facts.caller_reported, ice, warnings);
  FillSide(row, kCalleeColumns, facts.callee, facts.callee_reported, ice, warnings);
  if (label == 0 && poor >= 0) {
    row[Line::kConversationalMOS] =
        Cell::Decimal(poor == 1 ? random.Between(210, 330) : random.Between(380, 430), 2);
  }
  if (random.Chance(0.3)) {
    row[Line::kAppliedBandwidthLimit] = Cell::Int(label == 0 ? 200'000 : 2'000'000);
    row[Line::kAppliedBandwidthSourceKey] =
        Cell::Int(1 + random.Below(static_cast<int>(org_.bandwidth_sources.size())));
  }
  if (facts.caller_reported) row[Line::kCaller] = Cell::Int(1);
  if (facts.callee_reported) row[Line::kCallee] = Cell::Int(1);
  row[Line::kMidCallReport] = Cell::Int(facts.mid_call ? 1 : 0);
  if (poor >= 0) row[Line::kClassifiedPoorCall] = Cell::Int(poor);
  return PutLineRow(Table::kMediaLine, row);
}

Status SessionWriter::WriteFeedback(const SessionFacts& facts, bool from_caller) {
  const Party& party = from_caller ? facts.caller : facts.callee;
  // The question exists since Skype for Business 2015: not on phones, in browsers, or in Lync 2010.
  const bool asks = party.kind == AgentKind::kDesktop || party.kind == AgentKind::kMac;
  Random random(Mix(facts.plan->seed, 0x46, from_caller ? 1 : 0));
  if (!asks || !random.Chance(0.06)) return OkStatus();
  constexpr int kAfterGood[] = {5, 5, 5, 5, 4, 4, 4, 3, 5, 2};
  constexpr int kAfterPoor[] = {1, 1, 2, 2, 2, 3, 3, 4, 1, 2};
  const int pick = random.Below(10);
  const int rating = facts.path.poor() ? kAfterPoor[pick] : kAfterGood[pick];
  std::array<Cell, FeedbackColumn::kCount> row;
  row[FeedbackColumn::kConferenceDateTime] = Cell::Time(facts.plan->received);
  row[FeedbackColumn::kSessionSeq] = Cell::Int(facts.plan->session_seq);
  row[FeedbackColumn::kFromURI] = Cell::Int(party.uri);
  row[FeedbackColumn::kRating] = Cell::Int(rating);
  if (rating <= 2 && random.Chance(0.3)) {
    row[FeedbackColumn::kFeedbackText] = Cell::Text("kept breaking up, could not follow");
  }
  CQD_RETURN_IF_ERROR(sink_.Write(Table::kFeedback, row));
  ++report_.feedbacks;
  if (rating > 3) return OkStatus();
  // The client lists every question it showed, ticked or not.
  constexpr int kAudio[] = {101, 103, 104, 105, 106, 107};
  constexpr int kVideo[] = {201, 203, 204, 207};
  std::array<Cell, FeedbackTokenColumn::kCount> token;
  std::copy_n(row.begin(), 3, token.begin());
  const auto write = [&](int id) {
    token[FeedbackTokenColumn::kTokenId] = Cell::Int(id);
    token[FeedbackTokenColumn::kTokenValue] = Cell::Int(random.Chance(0.35) ? 1 : 0);
    return sink_.Write(Table::kFeedbackToken, token);
  };
  for (const int id : kAudio) CQD_RETURN_IF_ERROR(write(id));
  if (!facts.has_video) return OkStatus();
  for (const int id : kVideo) CQD_RETURN_IF_ERROR(write(id));
  return OkStatus();
}

}  // namespace cqd::simulate
