#include "alert/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "alert/sender.h"
#include "base/log.h"

namespace cqd::alert {
namespace {

using integration::Health;
using std::chrono::seconds;

/// How often a receiver's thread looks at the clock when nothing wakes it.
constexpr Duration kIdle = seconds(1);
/// A look older than this many intervals says nothing: the dead man's switch stays silent.
constexpr int kLooksMissedMax = 3;
constexpr Duration kPruneEvery = std::chrono::hours(1);
/// Longest pause that a receiver may ask for; sender.cc cuts it.
constexpr Duration kRetryAfterMax = std::chrono::hours(1);

Status CheckTargets(const std::vector<Target>& targets) {
  std::set<std::string_view> names;
  for (const Target& target : targets) {
    if (const auto findings = CheckTarget(target); !findings.empty()) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("alert target {}: {}", target.name, findings.front()));
    }
    if (!names.insert(target.name).second) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("alert target {} is there twice", target.name));
    }
  }
  return OkStatus();
}

/// What a receiver was told of an outage, or nullptr.
const Told* ToldOf(const Outage& outage, std::string_view target) {
  const auto told = std::find_if(outage.told.begin(), outage.told.end(),
                                 [&](const Told& t) { return t.target == target; });
  return told == outage.told.end() ? nullptr : &*told;
}

}  // namespace

Result<std::unique_ptr<Service>> Service::Open(ServiceOptions options, StatusSource status,
                                               const Clock& clock) {
  CQD_RETURN_IF_ERROR(CheckTargets(options.targets));
  CQD_ASSIGN_OR_RETURN(auto store, Store::Open(options.path));
  CQD_ASSIGN_OR_RETURN(auto unfinished, store->Load());
  std::unique_ptr<Service> service(new Service(std::move(options), std::move(status), clock,
                                               std::move(store), std::move(unfinished)));
  service->Flush();
  return service;
}

Service::Service(ServiceOptions options, StatusSource status, const Clock& clock,
                 std::unique_ptr<Store> store, Store::Unfinished unfinished)
    : options_(std::move(options)),
      status_(std::move(status)),
      clock_(clock),
      store_(std::move(store)),
      tracker_(options_.rules, std::move(unfinished.outages), unfinished.last_seq),
      last_delivery_id_(unfinished.last_delivery_id),
      random_(options_.seed) {
  std::set<std::string_view> names;
  for (const Target& target : options_.targets) {
    names.insert(target.name);
    auto receiver = std::make_unique<Receiver>();
    receiver->target = target;
    receiver->status = {.name = target.name,
                        .kind = target.kind,
                        .address = ShownAddress(target),
                        .last_success_at = {},
                        .last_failure_at = {},
                        .error = {}};
    receivers_.push_back(std::move(receiver));
  }
  for (Delivery& delivery : unfinished.deliveries) {
    if (names.contains(delivery.target)) {
      waiting_.emplace(delivery.id, std::move(delivery));
      continue;
    }
    delivery.state = DeliveryState::kGivenUp;
    delivery.error = "the target is not configured any more";
    delivery.body.clear();
    delivery.finished_at = clock_.Now();
    LogWarning("alert: message {} to {} given up: {}", delivery.message_id, delivery.target,
               delivery.error);
    dirty_deliveries_.emplace(delivery.id, std::move(delivery));
  }
  PublishActive();
}

Service::~Service() {
  Stop();
}

void Service::Start() {
  looker_ = std::thread([this] { LookLoop(); });
  for (const auto& receiver : receivers_)
    receiver->thread = std::thread([this, &receiver] { ReceiverLoop(*receiver); });
}

void Service::Stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  cancel_.Cancel();
  wake_.notify_all();
  if (looker_.joinable()) looker_.join();
  for (const auto& receiver : receivers_) {
    if (receiver->thread.joinable()) receiver->thread.join();
  }
  Flush();
}

void Service::RunOnce() {
  Look();
  for (const auto& receiver : receivers_) {
    while (DeliverOne(*receiver)) {
    }
    Repeat(*receiver);
    Ping(*receiver);
  }
}

void Service::WaitFor(std::unique_lock<std::mutex>& lock, Duration time, std::int64_t work_seen) {
  // Both clocks are asked: the wall clock may step either way while this waits.
  const Duration end = clock_.Monotonic() + time;
  const auto over = [&] { return stopping_ || work_ != work_seen || clock_.Monotonic() >= end; };
  while (!over()) clock_.WaitUntil(lock, wake_, clock_.Now() + (end - clock_.Monotonic()), over);
}

void Service::LookLoop() {
  for (;;) {
    Look();
    std::unique_lock lock(mutex_);
    const Duration end = clock_.Monotonic() + options_.check_every;
    while (!stopping_ && clock_.Monotonic() < end) WaitFor(lock, end - clock_.Monotonic(), work_);
    if (stopping_) return;
  }
}

void Service::ReceiverLoop(Receiver& receiver) {
  for (;;) {
    std::int64_t seen = 0;
    {
      const std::lock_guard guard(mutex_);
      if (stopping_) return;
      seen = work_;
    }
    while (!cancel_.cancelled() && DeliverOne(receiver)) {
    }
    Repeat(receiver);
    Ping(receiver);
    std::unique_lock lock(mutex_);
    WaitFor(lock, kIdle, seen);
  }
}

void Service::Look() {
  const integration::StatusView view = status_();
  std::vector<Delivery> made;
  {
    const std::lock_guard guard(mutex_);
    const Duration now = clock_.Monotonic();
    const Duration elapsed = last_look_ ? now - last_look_->at : Duration::zero();
    last_look_ = LastLook{.health = view.health, .at = now};
    for (OutageChange& change : tracker_.Look(view, elapsed)) {
      if (change.event) Enqueue(change, made);
      if (change.forgotten) {
        dirty_outages_.erase(change.outage.seq);
        forgotten_.push_back(change.outage.seq);
      } else {
        dirty_outages_.insert_or_assign(change.outage.seq, std::move(change.outage));
      }
    }
    for (const Delivery& delivery : made) dirty_deliveries_.emplace(delivery.id, delivery);
    PublishActive();
  }
  Flush();
  const std::lock_guard guard(mutex_);
  if (made.empty()) return;
  // Only now, so that nothing is sent that a kill would make forgotten.
  for (Delivery& delivery : made) {
    const std::int64_t id = delivery.id;
    waiting_.emplace(id, std::move(delivery));
  }
  ++work_;
  wake_.notify_all();
}

void Service::Enqueue(OutageChange& change, std::vector<Delivery>& made) {
  Outage& outage = change.outage;
  const Event event = *change.event;
  LogWarning("alert: {} {} ({})", EventName(event), outage.id,
             integration::HealthName(outage.severity));
  for (const auto& receiver : receivers_) {
    const Target& target = receiver->target;
    if (target.kind == TargetKind::kPing) continue;
    const Told* told = ToldOf(outage, target.name);
    // Who was not told that it began is not told that it ended.
    if (event == Event::kEnded && told == nullptr) continue;
    if (event != Event::kEnded &&
        (!WantsSubject(target, outage.subject) || outage.severity < target.min_severity))
      continue;
    const Event as_told = event == Event::kWorsened && told == nullptr ? Event::kStarted : event;
    const Told before = told != nullptr ? *told : Told{target.name, outage.severity};
    const Message message = MakeMessage(outage, as_told, before);
    const UtcTime now = clock_.Now();
    made.push_back({.id = ++last_delivery_id_,
                    .target = target.name,
                    .outage_id = outage.id,
                    .event = as_told,
                    .message_id = message.id,
                    .body = MessageJson(message),
                    .created_at = now,
                    .last_try_at = {},
                    .next_try_at = now,
                    .error = {},
                    .finished_at = {}});
    tracker_.NoteTold(outage, {target.name, message.severity});
  }
}

Message Service::MakeMessage(const Outage& outage, Event event, const Told& told) const {
  Message message;
  message.id = fmt::format("{}.{}", outage.id, outage.messages);
  message.at = event == Event::kStarted || event == Event::kWorsened
                   ? clock_.Now()
                   : outage.ended_at.value_or(clock_.Now());
  message.event = event;
  message.outage_id = outage.id;
  message.subject = outage.subject;
  // The end is told of what was told: an Alertmanager knows an alert by its severity too.
  message.severity = event == Event::kEnded ? told.severity : outage.severity;
  if (event == Event::kWorsened) message.severity_before = told.severity;
  message.since = outage.since;
  if (event == Event::kEnded) message.ended_at = outage.ended_at;
  message.reasons = outage.reasons;
  message.reasons_left_out = outage.reasons_left_out;
  message.server_id = options_.identity.server_id;
  message.version = options_.identity.version;
  message.url = options_.identity.url;
  return message;
}

const Delivery* Service::MostDue(const Receiver& receiver, UtcTime now) const {
  const Duration longest =
      std::max(options_.retry_longest + options_.retry_longest / 4, kRetryAfterMax);
  const Delivery* best = nullptr;
  std::set<std::string_view> earlier;
  for (const auto& [id, delivery] : waiting_) {
    if (delivery.target != receiver.target.name) continue;
    // The end is not told before the beginning.
    if (!earlier.insert(delivery.outage_id).second) continue;
    // A time further ahead than any pause was set by a clock that was set back since.
    const bool due = delivery.next_try_at <= now || delivery.next_try_at > now + longest;
    if (due && (best == nullptr || delivery.next_try_at < best->next_try_at)) best = &delivery;
  }
  return best;
}

bool Service::DeliverOne(Receiver& receiver) {
  Delivery delivery;
  {
    const std::lock_guard guard(mutex_);
    const Delivery* due = MostDue(receiver, clock_.Now());
    if (due == nullptr) return false;
    delivery = *due;
  }
  const auto message = ParseMessage(delivery.body);
  const Delivered delivered = message.ok()
                                  ? Deliver(receiver.target, *message, clock_, cancel_)
                                  : Delivered{.status = message.error(), .retry_after = {}};
  if (!delivered.status.ok() && delivered.status.error().code == ErrorCode::kCancelled)
    return false;  // the server stops: as if it had not been tried
  Finish(receiver, std::move(delivery), delivered);
  Flush();
  return true;
}

void Service::Finish(Receiver& receiver, Delivery delivery, const Delivered& delivered) {
  const std::lock_guard guard(mutex_);
  const UtcTime now = clock_.Now();
  NoteTry(receiver, delivered.status);
  ++delivery.attempts;
  delivery.last_try_at = now;
  delivery.code = delivered.code;
  if (delivered.status.ok()) {
    delivery.state = DeliveryState::kDelivered;
    delivery.error.clear();
    if (!receiver.last_repeat) receiver.last_repeat = clock_.Monotonic();
    if (auto outage = tracker_.NoteSent(delivery.outage_id, now))
      dirty_outages_.insert_or_assign(outage->seq, *std::move(outage));
    PublishActive();
  } else {
    delivery.error = delivered.status.error().message;
    Duration pause = options_.retry_first;
    for (int i = 1; i < delivery.attempts && pause < options_.retry_longest; ++i) pause *= 2;
    pause = std::min(pause, options_.retry_longest);
    pause += Duration(std::uniform_int_distribution<Duration::rep>(-pause.count() / 4,
                                                                   pause.count() / 4)(random_));
    delivery.next_try_at = now + std::max(pause, delivered.retry_after.value_or(pause));
    const bool hopeless = delivered.status.error().code == ErrorCode::kCorruption;
    if (now - delivery.created_at >= options_.give_up_after || hopeless) {
      delivery.state = DeliveryState::kGivenUp;
      LogError("alert: message {} to {} given up after {} tries: {}", delivery.message_id,
               delivery.target, delivery.attempts, delivery.error);
    }
  }
  if (delivery.state == DeliveryState::kWaiting) {
    waiting_.insert_or_assign(delivery.id, delivery);
  } else {
    delivery.finished_at = now;
    delivery.body.clear();  // the log needs no texts; they are the largest part of the file
    waiting_.erase(delivery.id);
  }
  const std::int64_t id = delivery.id;
  dirty_deliveries_.insert_or_assign(id, std::move(delivery));
}

void Service::NoteTry(Receiver& receiver, const Status& status) {
  TargetStatus& known = receiver.status;
  if (status.ok()) {
    if (!known.error.empty()) LogInfo("alert: {} answers again", known.name);
    known.last_success_at = clock_.Now();
    known.error.clear();
    return;
  }
  // One line when it begins to fail, not one a try.
  if (known.error.empty())
    LogWarning("alert: {} cannot be reached: {}", known.name, status.error().message);
  known.last_failure_at = clock_.Now();
  known.error = status.error().message;
}

void Service::Repeat(Receiver& receiver) {
  if (receiver.target.kind != TargetKind::kAlertmanager) return;
  std::vector<Message> standing;
  {
    const std::lock_guard guard(mutex_);
    const Duration now = clock_.Monotonic();
    const bool waits = std::any_of(waiting_.begin(), waiting_.end(), [&](const auto& entry) {
      return entry.second.target == receiver.target.name;
    });
    if (waits || (receiver.last_repeat && now - *receiver.last_repeat < options_.repeat_every))
      return;
    receiver.last_repeat = now;
    for (const Outage& outage : tracker_.Open()) {
      const Told* told = ToldOf(outage, receiver.target.name);
      if (told == nullptr) continue;
      standing.push_back(MakeMessage(outage, Event::kStarted, *told));
      standing.back().severity = told->severity;
    }
  }
  if (standing.empty()) return;
  const Status status = DeliverStanding(receiver.target, standing, cancel_);
  if (!status.ok() && status.error().code == ErrorCode::kCancelled) return;
  const std::lock_guard guard(mutex_);
  NoteTry(receiver, status);
}

void Service::Ping(Receiver& receiver) {
  if (receiver.target.kind != TargetKind::kPing) return;
  const PingSettings& ping = receiver.target.ping;
  bool well = false;
  {
    const std::lock_guard guard(mutex_);
    const Duration now = clock_.Monotonic();
    if (!last_look_ || (receiver.last_ping && now - *receiver.last_ping < ping.every)) return;
    // Nobody looks any more: this is what the switch is for.
    if (now - last_look_->at > kLooksMissedMax * options_.check_every) return;
    well = last_look_->health <= ping.well_until;
    if (!well && !ping.fail_suffix) return;
    receiver.last_ping = now;
  }
  const Status status = CallPing(receiver.target, well, cancel_);
  if (!status.ok() && status.error().code == ErrorCode::kCancelled) return;
  const std::lock_guard guard(mutex_);
  NoteTry(receiver, status);
}

void Service::Flush() {
  const std::lock_guard order(flush_mutex_);
  std::map<std::int64_t, Outage> outages;
  std::map<std::int64_t, Delivery> deliveries;
  std::vector<std::int64_t> forgotten;
  bool prune = false;
  {
    const std::lock_guard guard(mutex_);
    outages.swap(dirty_outages_);
    deliveries.swap(dirty_deliveries_);
    forgotten.swap(forgotten_);
    const Duration now = clock_.Monotonic();
    prune = now - last_prune_ >= kPruneEvery;
    if (prune) last_prune_ = now;
  }
  if (outages.empty() && deliveries.empty() && forgotten.empty() && !prune) return;
  std::vector<Outage> outage_rows;
  for (const auto& [seq, outage] : outages) outage_rows.push_back(outage);
  std::vector<Delivery> delivery_rows;
  for (const auto& [id, delivery] : deliveries) delivery_rows.push_back(delivery);
  Status saved = store_->Save(outage_rows, forgotten, delivery_rows);
  if (saved.ok() && prune) saved = store_->Prune();
  const std::lock_guard guard(mutex_);
  if (saved.ok()) {
    if (store_failing_) LogInfo("alert: the file of the alerts can be written again");
    store_failing_ = false;
    return;
  }
  if (!store_failing_) LogError("alert: alerts cannot be stored: {}", saved.error().ToString());
  store_failing_ = true;
  // What has changed meanwhile is newer.
  dirty_outages_.merge(outages);
  dirty_deliveries_.merge(deliveries);
  forgotten_.insert(forgotten_.end(), forgotten.begin(), forgotten.end());
}

void Service::PublishActive() {
  std::vector<integration::AlertStatus> active;
  for (const Outage& outage : tracker_.Open()) {
    active.push_back({.id = outage.id,
                      .rule = outage.reasons.empty() ? outage.subject : outage.reasons.front().code,
                      .since = outage.since,
                      .last_sent_at = outage.last_sent_at,
                      .acked_by = outage.acked_by});
  }
  const std::lock_guard guard(active_mutex_);
  active_ = std::move(active);
}

std::vector<integration::AlertStatus> Service::Active() const {
  const std::lock_guard guard(active_mutex_);
  return active_;
}

std::vector<TargetStatus> Service::targets() const {
  const std::lock_guard guard(mutex_);
  std::vector<TargetStatus> list;
  for (const auto& receiver : receivers_) {
    list.push_back(receiver->status);
    list.back().waiting = std::count_if(waiting_.begin(), waiting_.end(), [&](const auto& entry) {
      return entry.second.target == receiver->target.name;
    });
  }
  return list;
}

Result<Outage> Service::Acknowledge(std::string_view id, std::string_view by) {
  Result<Outage> outage = Fail(ErrorCode::kInternal, "");
  {
    const std::lock_guard guard(mutex_);
    outage = tracker_.Acknowledge(id, by, clock_.Now());
    if (outage.ok()) {
      dirty_outages_.insert_or_assign(outage->seq, *outage);
      PublishActive();
    }
  }
  if (!outage.ok()) {
    if (store_->FindOutage(id).ok())
      return Fail(ErrorCode::kFailedPrecondition, "that outage has ended", {}, "id");
    return outage;
  }
  Flush();
  return outage;
}

Result<std::vector<TestResult>> Service::Test(std::string_view target) {
  std::vector<Target> chosen;
  for (const Target& one : options_.targets) {
    if (target.empty() || one.name == target) chosen.push_back(one);
  }
  if (chosen.empty() && !target.empty())
    return Fail(ErrorCode::kNotFound, "there is no alert target of that name", {}, "target");
  const UtcTime began = clock_.Now();
  std::vector<TestResult> results = SendTest(chosen, options_.identity, clock_, cancel_);
  {
    const std::lock_guard guard(mutex_);
    for (const TestResult& result : results) {
      const bool ok = result.status.ok();
      const std::int64_t id = ++last_delivery_id_;
      dirty_deliveries_.emplace(
          id, Delivery{.id = id,
                       .target = result.target,
                       .outage_id = {},
                       .event = Event::kTest,
                       .message_id = result.message_id,
                       .body = {},
                       .created_at = began,
                       .attempts = 1,
                       .last_try_at = began,
                       .next_try_at = began,
                       .state = ok ? DeliveryState::kDelivered : DeliveryState::kGivenUp,
                       .code = result.code,
                       .error = ok ? "" : result.status.error().message,
                       .finished_at = clock_.Now()});
    }
  }
  Flush();
  return results;
}

std::vector<TestResult> SendTest(std::span<const Target> targets, const Identity& identity,
                                 const Clock& clock, const CancelToken& cancel) {
  Message message;
  message.at = clock.Now();
  message.id = fmt::format("test-{}", ToMicros(message.at));
  message.event = Event::kTest;
  message.subject = "system";
  message.since = message.at;
  message.reasons.push_back({.code = "test",
                             .severity = Health::kWarn,
                             .since = {},
                             .message = "This is a test. Nothing is wrong.",
                             .action = "Nothing is to be done."});
  message.server_id = identity.server_id;
  message.version = identity.version;
  message.url = identity.url;
  std::vector<TestResult> results(targets.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    threads.emplace_back([&, i] {
      const Duration began = clock.Monotonic();
      TestResult& result = results[i];
      result.target = targets[i].name;
      result.message_id = message.id;
      if (targets[i].kind == TargetKind::kPing) {
        result.status = CallPing(targets[i], true, cancel);
      } else {
        const Delivered delivered = Deliver(targets[i], message, clock, cancel);
        result.status = delivered.status;
        result.code = delivered.code;
      }
      result.ms = std::chrono::floor<std::chrono::milliseconds>(clock.Monotonic() - began).count();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return results;
}

}  // namespace cqd::alert
