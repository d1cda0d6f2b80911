// A year of an installation: what happens, and what must then be true.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "simulation/content.h"
#include "simulation/installation.h"
#include "simulation/outside.h"
#include "simulation/seed.h"
#include "simulation/truth.h"

namespace cqd::simulation {

/// One driver thread; every event ends with a comparison of all that can be asked.
class Year {
 public:
  explicit Year(std::uint64_t seed);
  ~Year();
  /// Lives for `length` of simulated time; false after the first difference, which has been
  /// reported.
  bool Live(Duration length);
  /// What happened how often, for the test's output.
  std::string Census() const;

 private:
  /// A run that stands in a read, before the last batch of source `source`.
  struct Held {
    std::int64_t seq = 0;
    std::size_t source = 0;
    ReadPlan plan;
    Outside::Part part;
  };
  struct Probing {
    std::optional<Duration> skew;
    std::optional<Error> failure;
  };

  // Events: events.cc. Each prepares the world, lets time go on, and tells the model.
  void Happen();
  void HappenRarely();
  void Tick();         ///< time goes on to the next run
  void Pass();         ///< time goes on, but not so far
  void LongSilence();  ///< the machine stood still for days
  void FailingTick();  ///< sources fail, each in its way
  void CubeOutage();   ///< the cube's folder is gone for some runs
  void Pause();        ///< somebody holds the schedule for a while
  void ManualRun();
  void SlowRun();  ///< a read that takes hours, and what happens meanwhile
  bool DuringSlowRun();
  void StepClock();
  void Restart(bool killed);
  void MillionBadRows();
  void AskTwice();
  void RecordsArrive();
  void StrangeRecords();
  OutsideRecord NewRecord();
  Settings RandomSettings();

  // The model of the product's steps: model.cc.
  void Advance(Duration by);
  void ClockShows(UtcTime now);
  void RunIsDue();
  TrueRun& AddRun(Stage stage);
  void BeginRun(TrueRun& run);
  void EndRun(TrueRun& run, RunState state);
  void BeginArchive(std::int64_t seq);
  void BeginWaiting();
  void ReadSources(std::int64_t seq, std::size_t first);
  void CommitPart(std::int64_t seq, std::size_t source, const Outside::Part& part);
  void EndRead(std::size_t source, const ReadPlan& plan);
  void FinishArchive(std::int64_t seq);
  void FinishCube(std::int64_t seq);
  void ReleaseHeld();
  void CancelHeld();
  void PlanRead(std::size_t source, const ReadPlan& plan);
  void PlanReads(const ReadPlan& plan);
  void Boot(bool killed);
  /// Takes over what retention has removed, when it may.
  void ForgetOldRuns(std::int64_t oldest);

  // Comparison: year.cc.
  void Note(const std::string& kind, const std::string& details = {});
  /// Waits until the product has come to rest where the model is; reports when it does not.
  void Settle();
  std::string Compare();
  Facts ActualFacts();
  Facts ExpectedFacts();
  void CompareAllRuns();
  /// No run was altered or removed, and the head known before is still in the chain.
  void VerifyLedger();
  void Report(const std::string& differences);

  const std::uint64_t seed_;
  Dice dice_;
  SimulatedClock clock_;
  std::vector<std::shared_ptr<Outside>> outside_;
  Installation installation_;
  Settings settings_;
  Truth truth_;
  Content content_;
  std::optional<UtcTime> cube_through_;
  std::optional<UtcTime> certain_again_;  ///< beyond this data_through is certain again
  std::vector<Duration> queued_after_;    ///< true time, by run
  std::vector<std::optional<std::int64_t>> watermarks_;
  std::vector<ReadPlan> plans_;
  std::vector<Probing> probing_;
  std::vector<TrueSource> learnt_;     ///< by the run that reads now
  std::vector<std::string> failures_;  ///< error classes of that run
  std::optional<Held> held_;
  std::string ledger_head_;
  bool cube_lost_ = false;
  std::int64_t next_session_ = 1;
  int dense_left_ = 0;
  std::int64_t event_ = 0;
  std::deque<std::string> last_;
  std::map<std::string, int> census_;
  bool failed_ = false;
};

}  // namespace cqd::simulation
