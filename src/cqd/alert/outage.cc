#include "alert/outage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace cqd::alert {
namespace {

using integration::Health;
using integration::Reason;

constexpr std::array kStates = {OutageState::kPending, OutageState::kOpen, OutageState::kEnded};

/// One line, so that it can stand anywhere.
std::string OneLine(std::string_view text) {
  std::string line = CleanUtf8(text, kTextCharactersMax);
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 32 || c == 127; }, ' ');
  return line;
}

/// "source:My DB" -> "source-My-DB": it stands in URLs and header fields.
std::string IdText(std::string_view subject) {
  std::string text = CleanUtf8(subject, 60);
  std::replace_if(
      text.begin(), text.end(),
      [](unsigned char c) { return c >= 128 || (std::isalnum(c) == 0 && c != '_'); }, '-');
  return text;
}

std::string MakeId(const Outage& outage) {
  const CivilTime at = ToCivil(outage.since);
  return fmt::format("{}-{:04}{:02}{:02}T{:02}{:02}{:02}-{:06}", IdText(outage.subject), at.year,
                     at.month, at.day, at.hour, at.minute, at.second, outage.seq);
}

}  // namespace

std::string_view OutageStateName(OutageState state) {
  switch (state) {
    case OutageState::kPending:
      return "pending";
    case OutageState::kOpen:
      return "open";
    case OutageState::kEnded:
      return "ended";
  }
  return "unknown";
}

std::optional<OutageState> ParseOutageState(std::string_view name) {
  for (const OutageState state : kStates) {
    if (OutageStateName(state) == name) return state;
  }
  return std::nullopt;
}

std::string SubjectOf(const integration::Reason& reason) {
  if (reason.stage) {
    const std::string stage(integration::StageName(*reason.stage));
    return reason.code == "slo_missed" ? "slo:" + stage : stage;
  }
  return reason.source.empty() ? "system" : "source:" + reason.source;
}

/// What a look shows of one subject that is not well.
struct OutageTracker::Finding {
  Health severity = Health::kPass;
  std::optional<UtcTime> since;
  std::vector<MessageReason> reasons;
  std::size_t left_out = 0;
};

std::map<std::string, OutageTracker::Finding> OutageTracker::FindingsOf(
    const integration::StatusView& view) {
  std::map<std::string, Finding> findings;
  for (const Reason& reason : view.reasons) {
    if (reason.severity == Health::kPass) continue;
    Finding& finding = findings[SubjectOf(reason)];
    finding.severity = std::max(finding.severity, reason.severity);
    if (reason.since && (!finding.since || *reason.since < *finding.since))
      finding.since = reason.since;
    finding.reasons.push_back({.code = reason.code,
                               .severity = reason.severity,
                               .since = reason.since,
                               .message = OneLine(reason.message),
                               .action = OneLine(reason.action)});
  }
  for (auto& [subject, finding] : findings) {
    std::stable_sort(finding.reasons.begin(), finding.reasons.end(),
                     [](const MessageReason& a, const MessageReason& b) {
                       return static_cast<int>(a.severity) > static_cast<int>(b.severity);
                     });
    if (finding.reasons.size() > kReasonsMax) {
      finding.left_out = finding.reasons.size() - kReasonsMax;
      finding.reasons.resize(kReasonsMax);
    }
  }
  return findings;
}

OutageTracker::OutageTracker(const OutageRules& rules, std::vector<Outage> known,
                             std::int64_t last_seq)
    : rules_(rules), last_seq_(last_seq) {
  for (Outage& outage : known) {
    outage.well.reset();  // nobody looked while the process was down
    std::string subject = outage.subject;
    by_subject_.insert_or_assign(std::move(subject), std::move(outage));
  }
}

std::optional<OutageChange> OutageTracker::LookAtBad(std::string_view subject,
                                                     const Finding& finding, UtcTime now,
                                                     Duration elapsed) {
  const auto known = by_subject_.find(subject);
  const bool is_new = known == by_subject_.end();
  Outage& outage = is_new ? by_subject_[std::string(subject)] : known->second;
  if (is_new) outage.seq = ++last_seq_, outage.subject = subject;
  const bool pending = outage.state == OutageState::kPending;
  // After a long stop of the server, what was wrong before is no reason to tell it at once.
  if (is_new || (pending && now - outage.last_look_at > rules_.hold_off + elapsed)) {
    outage.held = Duration::zero();
    outage.since = now;
  } else {
    outage.held += elapsed;
  }
  outage.well.reset();
  outage.last_look_at = now;
  outage.reasons = finding.reasons;
  outage.reasons_left_out = finding.left_out;
  std::optional<Event> event;
  if (pending) {
    outage.since = std::min({outage.since, finding.since.value_or(now), now});
    outage.severity = finding.severity;
    if (outage.held >= rules_.hold_off) {
      outage.state = OutageState::kOpen;
      outage.opened_at = now;
      outage.id = MakeId(outage);
      event = Event::kStarted;
    }
  } else if (static_cast<int>(finding.severity) > static_cast<int>(outage.severity)) {
    outage.severity = finding.severity;
    if (outage.acked_by.empty()) event = Event::kWorsened;
  } else {
    return std::nullopt;  // nothing that must survive a restart has changed
  }
  if (event) ++outage.messages;
  return OutageChange{.outage = outage, .event = event, .forgotten = false};
}

std::optional<OutageChange> OutageTracker::LookAtWell(Outage& outage, UtcTime now,
                                                      Duration elapsed) const {
  // The first look that shows it well does not say for how long.
  outage.well = outage.well ? *outage.well + elapsed : Duration::zero();
  if (outage.state == OutageState::kPending)
    return OutageChange{.outage = outage, .event = std::nullopt, .forgotten = true};
  if (*outage.well < rules_.resolve_after) return std::nullopt;
  outage.state = OutageState::kEnded;
  outage.ended_at = std::max(now - *outage.well, outage.since);
  ++outage.messages;
  return OutageChange{.outage = outage, .event = Event::kEnded, .forgotten = false};
}

std::vector<OutageChange> OutageTracker::Look(const integration::StatusView& view,
                                              Duration elapsed) {
  std::vector<OutageChange> changes;
  const auto findings = FindingsOf(view);
  for (const auto& [subject, finding] : findings) {
    if (auto change = LookAtBad(subject, finding, view.generated_at, elapsed))
      changes.push_back(*std::move(change));
  }
  for (auto at = by_subject_.begin(); at != by_subject_.end();) {
    if (findings.contains(at->first)) {
      ++at;
    } else if (auto change = LookAtWell(at->second, view.generated_at, elapsed)) {
      changes.push_back(*std::move(change));
      at = by_subject_.erase(at);
    } else {
      ++at;
    }
  }
  return changes;
}

Result<Outage> OutageTracker::Acknowledge(std::string_view id, std::string_view by, UtcTime at) {
  for (auto& [subject, outage] : by_subject_) {
    if (outage.state != OutageState::kOpen || outage.id != id) continue;
    outage.acked_by = by;
    outage.acked_at = at;
    return outage;
  }
  return Fail(ErrorCode::kNotFound, "there is no open outage of that id", {}, "id");
}

void OutageTracker::NoteTold(Outage& outage, const Told& told) {
  const auto note = [&told](Outage& one) {
    const auto known = std::find_if(one.told.begin(), one.told.end(),
                                    [&](const Told& t) { return t.target == told.target; });
    if (known != one.told.end()) {
      *known = told;
    } else {
      one.told.push_back(told);
    }
  };
  note(outage);
  if (const auto known = by_subject_.find(outage.subject);
      known != by_subject_.end() && known->second.seq == outage.seq)
    note(known->second);
}

std::optional<Outage> OutageTracker::NoteSent(std::string_view id, UtcTime at) {
  for (auto& [subject, outage] : by_subject_) {
    if (outage.id != id) continue;
    outage.last_sent_at = at;
    return outage;
  }
  return std::nullopt;
}

std::vector<Outage> OutageTracker::Open() const {
  std::vector<Outage> open;
  for (const auto& [subject, outage] : by_subject_) {
    if (outage.state == OutageState::kOpen) open.push_back(outage);
  }
  return open;
}

}  // namespace cqd::alert
