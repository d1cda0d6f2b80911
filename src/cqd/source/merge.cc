#include "source/merge.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "base/check.h"
#include "base/text.h"
#include "model/repair.h"
#include "source/internal/directions.h"
#include "source/normalise.h"

namespace cqd::source {
namespace {

using internal::Direction;
using model::Field;
using model::Side;

/// A stream of a report, seen from the call.
struct Claim {
  const CallReport* from = nullptr;
  const ReportedStream* stream = nullptr;
  Direction direction;
  Side sender = Side::kCaller;
  std::size_t leg = 0;

  std::size_t EndOf(Side side) const {
    const auto caller = static_cast<std::size_t>(direction.caller);
    return side == Side::kCaller ? caller : 1 - caller;
  }
  bool ReporterIs(Side side) const { return from->report.reporter_is_end && EndOf(side) == 0; }
};

/// Parallel parts of a media line: streams of one leg are the two directions of one conversation.
struct Leg {
  int media_label = 0;
  std::string name;
  std::array<std::uint32_t, 2> ssrc = {0, 0};  // caller, callee; 0 = unknown
  std::int64_t first_number = 0;
  int rank = 0;  // within its media line
};

bool IsMeasured(const Report& report) {
  return report.kind == ReportKind::kSession || report.kind == ReportKind::kInterval;
}

bool CompatibleSsrc(const std::array<std::uint32_t, 2>& a, const std::array<std::uint32_t, 2>& b) {
  return (a[0] == 0 || b[0] == 0 || a[0] == b[0]) && (a[1] == 0 || b[1] == 0 || a[1] == b[1]);
}

class CallMerger {
 public:
  CallMerger(std::span<const CallReport> reports, const CallIdentity& identity,
             model::KeyInterner& interner)
      : identity_(identity), interner_(interner) {
    for (const CallReport& report : reports) {
      if (report.report.kind != ReportKind::kAlert) reports_.push_back(&report);
    }
    // One order whatever order they came in. Newest first: a session before an interval, then by
    // the time in the document; the order of arrival only decides between reports of one reporter.
    const auto age = [](const CallReport* report) {
      return std::tuple(
          report->report.kind != ReportKind::kSession,
          -(report->report.document_time ? ToMicros(*report->report.document_time) : 0),
          report->report.reporter, -report->number, -report->part);
    };
    std::sort(reports_.begin(), reports_.end(),
              [&](const CallReport* a, const CallReport* b) { return age(a) < age(b); });
    directions_ = internal::ResolveDirections(ByReporter());
  }

  std::vector<model::StreamRow> Run() {
    CollectClaims();
    AssignLegs();
    KeepNewest();
    for (std::size_t leg = 0; leg < legs_.size(); ++leg) {
      for (const Side sender : {Side::kCaller, Side::kCallee}) AddDirection(leg, sender);
    }
    if (rows_.empty()) return {};
    AddFeedback();
    std::sort(rows_.begin(), rows_.end(),
              [](const model::StreamRow& a, const model::StreamRow& b) { return a.key < b.key; });
    FinishSession(rows_);
    return std::move(rows_);
  }

 private:
  /// Estimates start at the smallest reporter, so that they do not depend on which report is
  /// newest.
  std::vector<const CallReport*> ByReporter() const {
    std::vector<const CallReport*> sorted = reports_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const CallReport* a, const CallReport* b) {
      return a->report.reporter < b->report.reporter;
    });
    return sorted;
  }

  void CollectClaims() {
    for (const CallReport* report : reports_) {
      const auto direction = directions_.find(report);
      if (!IsMeasured(report->report) || direction == directions_.end()) continue;
      for (const ReportedStream& stream : report->report.streams) {
        Claim claim{report, &stream, direction->second, Side::kCaller, 0};
        claim.sender = claim.EndOf(Side::kCaller) == static_cast<std::size_t>(stream.sender)
                           ? Side::kCaller
                           : Side::kCallee;
        claims_.push_back(claim);
      }
    }
  }

  static std::array<std::uint32_t, 2> SsrcOf(const Claim& claim) {
    return {claim.stream->ssrc[claim.EndOf(Side::kCaller)],
            claim.stream->ssrc[claim.EndOf(Side::kCallee)]};
  }

  /// Finds or makes the leg of every claim. Known RTP sources go first; unknown ones join a leg
  /// that fits.
  void AssignLegs() {
    std::vector<Claim*> order;
    for (Claim& claim : claims_) order.push_back(&claim);
    const auto place = [](const Claim* claim) {
      const auto ssrc = SsrcOf(*claim);
      return std::tuple(claim->stream->media_label, (ssrc[0] == 0 ? 1 : 0) + (ssrc[1] == 0 ? 1 : 0),
                        claim->stream->leg, ssrc, claim->from->number, claim->from->part);
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](const Claim* a, const Claim* b) { return place(a) < place(b); });
    for (Claim* claim : order) claim->leg = FindOrAddLeg(*claim);
    RankLegs();
  }

  std::size_t FindOrAddLeg(const Claim& claim) {
    const auto ssrc = SsrcOf(claim);
    for (std::size_t i = 0; i < legs_.size(); ++i) {
      Leg& leg = legs_[i];
      if (leg.media_label != claim.stream->media_label || leg.name != claim.stream->leg ||
          !CompatibleSsrc(leg.ssrc, ssrc)) {
        continue;
      }
      for (std::size_t side = 0; side < 2; ++side) {
        if (leg.ssrc[side] == 0) leg.ssrc[side] = ssrc[side];
      }
      leg.first_number = std::min(leg.first_number, claim.from->number);
      return i;
    }
    legs_.push_back({claim.stream->media_label, claim.stream->leg, ssrc, claim.from->number, 0});
    return legs_.size() - 1;
  }

  void RankLegs() {
    std::vector<std::size_t> order(legs_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto place = [&](std::size_t i) {
      return std::tuple(legs_[i].media_label, legs_[i].first_number, legs_[i].name, legs_[i].ssrc);
    };
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
    std::map<int, int> next_rank;
    for (const std::size_t i : order) legs_[i].rank = next_rank[legs_[i].media_label]++;
  }

  /// Of each reporter only the newest report counts in a leg: claims_ is newest first.
  void KeepNewest() {
    std::map<std::pair<std::size_t, std::string>, const CallReport*> newest;
    std::vector<Claim> kept;
    for (const Claim& claim : claims_) {
      const auto [entry, added] =
          newest.try_emplace({claim.leg, claim.from->report.reporter}, claim.from);
      if (added || entry->second == claim.from) kept.push_back(claim);
    }
    claims_ = std::move(kept);
  }

  void AddDirection(std::size_t leg, Side sender) {
    std::vector<const Claim*> receivers, senders, relayed;
    for (const Claim& claim : claims_) {
      if (claim.leg != leg || claim.sender != sender) continue;
      switch (claim.stream->observer) {
        case Observer::kReceiver:
        case Observer::kBoth:
          receivers.push_back(&claim);
          break;
        case Observer::kSender:
          senders.push_back(&claim);
          break;
        case Observer::kRelayed:
          relayed.push_back(&claim);
          break;
      }
    }
    // The main observer must not depend on arrival: sessions first, then whom the other end names
    // as its peer (a relay elsewhere on the way is not), then by name.
    const auto place = [&](const Claim* claim) {
      return std::tuple(claim->from->report.kind != ReportKind::kSession, !IsNamedByPeer(*claim),
                        claim->from->report.reporter);
    };
    for (auto* list : {&receivers, &senders, &relayed}) {
      std::stable_sort(list->begin(), list->end(),
                       [&](const Claim* a, const Claim* b) { return place(a) < place(b); });
    }
    if (receivers.empty() && senders.empty()) {
      if (!relayed.empty()) AddRow(leg, sender, 0, {relayed.front()});
      return;
    }
    std::vector<const Claim*> main = senders;
    if (!receivers.empty()) main.insert(main.begin(), receivers.front());
    AddRow(leg, sender, 0, main);
    for (std::size_t i = 1; i < receivers.size(); ++i) AddRow(leg, sender, i, {receivers[i]});
  }

  /// True when another reporter of the leg says that this reporter is its other end.
  bool IsNamedByPeer(const Claim& claim) const {
    const auto& own = claim.from->report.ends[0].names;
    return std::any_of(claims_.begin(), claims_.end(), [&](const Claim& other) {
      if (other.leg != claim.leg || other.from->report.reporter == claim.from->report.reporter)
        return false;
      const auto& peer = other.from->report.ends[1].names;
      return std::any_of(own.begin(), own.end(), [&](const std::string& name) {
        return name.starts_with("address:") &&
               std::find(peer.begin(), peer.end(), name) != peer.end();
      });
    });
  }

  void AddRow(std::size_t leg, Side sender, std::size_t extra,
              const std::vector<const Claim*>& claims) {
    model::StreamRow row;
    // 1,000,000 legs of a media line and 1000 observers of a direction have room before ids meet.
    const auto rank = static_cast<std::int64_t>(legs_[leg].rank);
    row.key = {identity_.source, identity_.session_time, identity_.session_seq,
               legs_[leg].media_label,
               rank * 2 + (sender == Side::kCaller ? 1 : 2) +
                   static_cast<std::int64_t>(extra) * 2'000'000};
    row.Set(Field::kSenderIsCaller, sender == Side::kCaller ? 1 : 0);
    for (const Claim* claim : claims) {
      Apply(claim->stream->values, Side::kCaller, row);
      const bool sent = claim->stream->observer == Observer::kSender;
      if (claim->stream->observer != Observer::kBoth)
        row.Set(sent ? Field::kOutbound : Field::kInbound, 1);
      if (claim->direction.estimated) model::MarkEstimated(row, model::Estimated::kDirection);
      if (claim->stream->packet_loss_inferred) {
        model::MarkEstimated(row, model::Estimated::kPacketLossZero);
      }
    }
    for (const CallReport* report : reports_) Apply(report->report.call, Side::kCaller, row);
    SetTimes(row);
    for (const Side side : {Side::kCaller, Side::kCallee}) FillSide(leg, side, claims, row);
    rows_.push_back(row);
  }

  /// Facts of an end: its own report, then its peer's, then any message of the call.
  void FillSide(std::size_t leg, Side side, const std::vector<const Claim*>& contributing,
                model::StreamRow& row) {
    std::vector<const Claim*> order = contributing;
    for (const Claim& claim : claims_) {
      if (claim.leg == leg) order.push_back(&claim);
    }
    std::stable_sort(order.begin(), order.end(), [&](const Claim* a, const Claim* b) {
      return a->ReporterIs(side) > b->ReporterIs(side);
    });
    for (const Claim* claim : order) {
      if (claim->ReporterIs(side)) row.Set(model::Of(Field::kCallerReported, side), 1);
      Apply(claim->stream->ends[claim->EndOf(side)], side, row);
      Apply(claim->from->report.ends[claim->EndOf(side)].values, side, row);
    }
    for (const CallReport* report : reports_) {
      const auto direction = directions_.find(report);
      if (direction == directions_.end()) continue;
      const Claim claim{report, nullptr, direction->second, side, 0};
      Apply(report->report.ends[claim.EndOf(side)].values, side, row);
    }
    const Field subnet = model::Of(Field::kCallerSubnet, side);
    if (!row.Has(subnet) && addresses_.contains(side)) {
      // No subnet was told: the address finds the building all the same (model/key_space.h).
      SetText(row, subnet, {addresses_[side], "address"});
    }
    addresses_.erase(side);
  }

  /// Sets what is not yet set. Side fields go to `side`.
  void Apply(const FieldValues& values, Side side, model::StreamRow& row) {
    for (const auto& [field, number] : values.numbers) {
      const Field target = model::IsSideField(field) ? model::Of(field, side) : field;
      if (!row.Has(target)) (void)model::SetMetric(row, target, number);
    }
    for (const auto& [field, text] : values.texts) {
      const Field target = model::IsSideField(field) ? model::Of(field, side) : field;
      if (row.Has(target)) continue;
      SetText(row, target, text);
      if (field == Field::kCallerAddress) addresses_[side] = text.text;
      if (field == Field::kCallerUser) users_[side] = text.text;
    }
  }

  void SetText(model::StreamRow& row, Field field, const ReportedText& text) {
    const model::KeySpace space = model::InfoOf(field).space;
    if (CleanUtf8(text.text, model::KeyTextCharactersMax(space)) != text.text) {
      model::MarkRepair(row, model::Repair::kTextCleaned);
    }
    const model::KeyId key = interner_.Intern(space, text.text, text.detail);
    if (key != model::kNoKey) row.Set(field, key);
  }

  /// One clock for the whole call: the caller's, else the callee's, else that of a server. Interval
  /// reports of a call without a session report span it together.
  void SetTimes(model::StreamRow& row) const {
    for (const ReportKind kind :
         {ReportKind::kSession, ReportKind::kInterval, ReportKind::kCallInfo}) {
      for (const int side : {0, 1, 2}) {
        std::optional<UtcTime> start, end;
        const std::string* reporter = nullptr;
        for (const CallReport* report : reports_) {
          const Report& one = report->report;
          if (one.kind != kind || (!one.start && !one.end) || SideOfReporter(report) != side)
            continue;
          if (reporter == nullptr) reporter = &one.reporter;
          if (*reporter != one.reporter && kind != ReportKind::kCallInfo) continue;
          if (one.start) start = start ? std::min(*start, *one.start) : *one.start;
          if (one.end) end = end ? std::max(*end, *one.end) : *one.end;
        }
        if (!start && !end) continue;
        if (start) row.Set(Field::kStartTime, ToMicros(*start));
        if (end) row.Set(Field::kEndTime, ToMicros(*end));
        return;
      }
    }
  }

  /// 0 caller, 1 callee, 2 neither (a server that reports about both).
  int SideOfReporter(const CallReport* report) const {
    const auto direction = directions_.find(report);
    if (!report->report.reporter_is_end || direction == directions_.end()) return 2;
    return direction->second.caller == 0 ? 0 : 1;
  }

  void AddFeedback() {
    for (const CallReport* report : reports_) {  // newest first: the last answer of a user counts
      if (!report->report.feedback) continue;
      const ReportedFeedback& feedback = *report->report.feedback;
      const auto side = SideOfUser(feedback.user);
      if (!side) continue;
      for (model::StreamRow& row : rows_) {
        if (!row.Has(model::Of(Field::kCallerRating, *side))) Apply(feedback.values, *side, row);
      }
    }
  }

  std::optional<Side> SideOfUser(const std::string& user) const {
    for (const auto& [side, name] : users_) {
      if (!user.empty() && name == user) return side;
    }
    // A user we do not know belongs to the only end whose user we do not know.
    if (users_.size() == 1) return model::Other(users_.begin()->first);
    return std::nullopt;
  }

  const CallIdentity& identity_;
  model::KeyInterner& interner_;
  std::vector<const CallReport*> reports_;  // newest first, without alerts
  std::map<const CallReport*, Direction> directions_;
  std::vector<Claim> claims_;
  std::vector<Leg> legs_;
  std::map<Side, std::string> addresses_;  // of the row being made
  std::map<Side, std::string> users_;
  std::vector<model::StreamRow> rows_;
};

}  // namespace

std::vector<model::StreamRow> StreamsOfCall(std::span<const CallReport> reports,
                                            const CallIdentity& identity,
                                            model::KeyInterner& interner) {
  return CallMerger(reports, identity, interner).Run();
}

}  // namespace cqd::source
