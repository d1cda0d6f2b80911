// The driver and its comparison.
#include "simulation/year.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>

#include "integration/published_status.h"

namespace cqd::simulation {
namespace {

/// Runs of the end of the list that are compared after every event; all are after a restart.
constexpr std::size_t kNewestRuns = 8;

/// After so long in real time the product is not on its way any more: what it says is compared as
/// it is. Only a failing test waits for it.
constexpr auto kPatience = std::chrono::seconds(60);

}  // namespace

Year::Year(std::uint64_t seed)
    : seed_(seed),
      dice_(seed),
      clock_(*ParseTime("2015-01-01T00:00:00Z")),
      outside_{std::make_shared<Outside>("first", clock_),
               std::make_shared<Outside>("second", clock_)},
      installation_(clock_, outside_),
      watermarks_(outside_.size()),
      plans_(outside_.size()),
      probing_(outside_.size()) {
  for (const auto& outside : outside_) truth_.sources.push_back({.name = outside->name()});
  // Silence of the first one is normal, silence of the second is a reason to look.
  truth_.sources.back().may_be_quiet = false;
  truth_.now = clock_.Now();
}

Year::~Year() = default;

bool Year::Live(Duration length) {
  const UtcTime end = truth_.now + length;
  Note("first start");
  Boot(false);
  Settle();
  while (truth_.now < end && !failed_) {
    Happen();
    Settle();
  }
  if (!failed_) Restart(false);
  Settle();
  if (!failed_) CompareAllRuns();
  if (!failed_) VerifyLedger();
  return !failed_;
}

std::string Year::Census() const {
  std::string text = fmt::format("seed {}: {} events, {} runs, {} rows;", seed_, event_,
                                 truth_.runs.size(), content_.row_count());
  for (const auto& [kind, count] : census_) text += fmt::format(" {}: {};", kind, count);
  return text;
}

void Year::Note(const std::string& kind, const std::string& details) {
  ++event_;
  ++census_[kind];
  last_.push_back(fmt::format("{} {} {}", FormatRfc3339(clock_.Now()), kind, details));
  if (last_.size() > 20) last_.pop_front();
}

void Year::Settle() {
  if (failed_) return;
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const bool held = std::any_of(outside_.begin(), outside_.end(),
                                  [](const auto& outside) { return outside->held(); });
    const bool rests = held == held_.has_value() &&
                       installation_.service().idle(Stage::kArchive) != held_.has_value() &&
                       installation_.service().idle(Stage::kCube);
    std::string differences = rests ? Compare() : "  the product does not come to rest\n";
    if (differences.empty()) return;
    if (std::chrono::steady_clock::now() > until) return Report(differences);
    poll(nullptr, 0, 1);
  }
}

std::string Year::Compare() {
  std::string out = Differences(ExpectedFacts(), ActualFacts());
  const std::string published = integration::PublishedStatusJson(*installation_.log().summary(),
                                                                 *TimeZone::Find(truth_.zone));
  if (published != truth_.Published()) {
    out += fmt::format("  published: expected {}\n          but was {}\n", truth_.Published(),
                       published);
  }
  return out;
}

Facts Year::ActualFacts() {
  const integration::StatusView view = installation_.service().status();
  Facts facts = FactsOf(view);
  facts.merge(FactsOf(view.sources));
  const auto newest = installation_.log().List({.most = kNewestRuns});
  for (const integration::RunRecord& run : *newest) facts.merge(FactsOf(run));
  const auto snapshot = installation_.cube().snapshot();
  facts["cube rows"] = std::to_string(snapshot ? snapshot->row_count() : 0);
  return facts;
}

Facts Year::ExpectedFacts() {
  Facts facts = truth_.Status();
  const std::size_t from = truth_.runs.size() - std::min(truth_.runs.size(), kNewestRuns);
  for (std::size_t i = from; i < truth_.runs.size(); ++i) facts.merge(truth_.runs[i].Stored());
  facts["cube rows"] = std::to_string(content_.cube_rows());
  return facts;
}

void Year::VerifyLedger() {
  const auto report = installation_.log().Verify(ledger_head_);
  if (!report.ok()) return Report("  ledger: " + report.error().ToString() + "\n");
  for (const integration::LedgerFinding& finding : report->findings)
    Report("  ledger: " + finding.message + "\n");
  ledger_head_ = report->head;
}

void Year::CompareAllRuns() {
  Facts expected, actual;
  std::optional<std::int64_t> before;
  for (;;) {
    const auto page = *installation_.log().List({.before_seq = before, .most = 500});
    if (page.empty()) break;
    for (const integration::RunRecord& run : page) actual.merge(FactsOf(run));
    before = page.back().seq;
  }
  ForgetOldRuns(installation_.oldest_run());
  for (const TrueRun& run : truth_.Known()) expected.merge(run.Stored());
  if (const std::string different = Differences(expected, actual); !different.empty())
    Report(different);
}

void Year::Report(const std::string& differences) {
  if (failed_) return;
  failed_ = true;
  std::string story;
  for (const std::string& line : last_) story += "  " + line + "\n";
  ADD_FAILURE() << "seed " << seed_ << ", event " << event_ << "; the last of them:\n"
                << story << "what differs:\n"
                << differences << "repeat with CQD_SEED=" << seed_;
}

}  // namespace cqd::simulation
