// Promise: whatever single write or sync of the repository fails, and however, a change is there
// wholly or not at all, what was acknowledged is never lost, and once the fault is gone the same
// repository goes on without being opened again.
// Method: a script of calls, first without faults, which is the oracle of the state after each;
// then with every operation failing in turn; at the end of each the power goes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "base/log.h"
#include "faults/fault_disk.h"
#include "file/temporary_folder.h"
#include "repository/repository.h"

namespace cqd::test {
namespace {

using repository::Item;
using repository::ItemId;
using repository::ItemRow;
using repository::Repository;
using repository::User;

/// What the calls work on: a repository on the disk, and the items of the script by its own names.
struct Desk {
  explicit Desk(const std::string& folder) : path(folder + "/repository.sqlite") {}

  Status Open() {
    CQD_ASSIGN_OR_RETURN(repository, Repository::Open(path, clock));
    return OkStatus();
  }
  Result<User> Me() { return repository->Enter("mira"); }
  Result<ItemId> Child(std::size_t index) {
    CQD_ASSIGN_OR_RETURN(const User me, Me());
    CQD_ASSIGN_OR_RETURN(const auto children, repository->ListChildren(me.default_item));
    if (children.size() <= index) return Fail(ErrorCode::kNotFound, "no such child");
    return children[index].id;
  }

  std::string path;
  SimulatedClock clock{Month(2015, 4).begin()};
  std::unique_ptr<Repository> repository;
};

/// Everything that can be read, as text; nullopt when it cannot be read now.
std::optional<std::string> Dump(Desk& desk) {
  if (desk.repository == nullptr) return std::nullopt;
  std::string out;
  bool fine = true;
  const auto add = [&](const auto& result, const auto& show) {
    fine = fine && result.ok();
    if (result.ok()) show(*result);
  };
  std::vector<ItemRow> rows;
  fine = desk.repository->ForEachItem([&](const ItemRow& row) { rows.push_back(row); }).ok();
  for (const ItemRow& row : rows) {
    add(desk.repository->GetItem(row.id), [&](const Item& item) {
      out += std::to_string(item.id.value) + " of " + std::to_string(item.owner.value) + " " +
             std::to_string(item.version.content) + "." + std::to_string(item.version.children) +
             " " + item.content + " :";
      for (const ItemId child : item.children) out += " " + std::to_string(child.value);
      out += "\n";
    });
    if (row.owner == repository::kSystemUser) continue;
    add(desk.repository->ListRevisions(row.owner, row.id), [&](const auto& revisions) {
      for (const auto& one : revisions) out += "  " + one.action + " " + one.title + "\n";
    });
  }
  std::vector<User> users;
  add(desk.repository->ListUsers(), [&](const auto& list) { users = list; });
  for (const User& user : users) {
    out += user.login_name + " " + std::to_string(user.default_item.value) + "\n";
    add(desk.repository->ListSettings(user.id, false), [&](const auto& settings) {
      for (const auto& one : settings) out += "  " + one.key + "=" + one.value + "\n";
    });
    add(desk.repository->ListDeletions(user.id), [&](const auto& deletions) {
      for (const auto& one : deletions) out += "  deleted " + one.title + "\n";
    });
  }
  if (!fine) return std::nullopt;
  return out;
}

/// One call of the script; each is one transaction.
using Step = std::function<Status(Desk&, const User&)>;

template <typename T>
Status Done(const Result<T>& result) {
  return result.ok() ? OkStatus() : Status(result.error());
}

std::vector<Step> Script() {
  const auto json = [](const std::string& title) {
    return repository::NewItem{"{\"Title\":\"" + title + "\"}", "application/json"};
  };
  return {
      [](Desk&, const User&) { return OkStatus(); },  // first contact has happened
      [=](Desk& desk, const User& me) {
        return Done(desk.repository->Create(me.id, {me.default_item, 0}, json("new")));
      },
      [=](Desk& desk, const User& me) -> Status {
        CQD_ASSIGN_OR_RETURN(const ItemId item, desk.Child(0));
        return Done(desk.repository->Update(me.id, item, json("changed"), {}));
      },
      [](Desk& desk, const User& me) {
        return desk.repository->PutSetting(me.id, me.id, "ShowTimeStamps", "true");
      },
      [](Desk& desk, const User& me) -> Status {
        CQD_ASSIGN_OR_RETURN(const ItemId parent, desk.Child(0));
        CQD_ASSIGN_OR_RETURN(const ItemId item, desk.Child(1));
        return Done(desk.repository->Clone(me.id, item, repository::Place{parent, 0}, true));
      },
      [](Desk& desk, const User& me) -> Status {
        CQD_ASSIGN_OR_RETURN(const ItemId item, desk.Child(0));
        CQD_ASSIGN_OR_RETURN(const ItemId below, desk.Child(2));
        return Done(desk.repository->Move(me.id, below, {item, 0}, {}));
      },
      [](Desk& desk, const User& me) -> Status {
        CQD_ASSIGN_OR_RETURN(const ItemId item, desk.Child(0));
        return desk.repository->Delete(me.id, item, {});
      },
      [](Desk& desk, const User& me) -> Status {
        CQD_ASSIGN_OR_RETURN(const auto deletions, desk.repository->ListDeletions(me.id));
        if (deletions.empty()) return Fail(ErrorCode::kNotFound, "nothing is deleted");
        return Done(desk.repository->Undelete(me.id, deletions[0].item));
      },
      [](Desk& desk, const User& me) -> Status {
        CQD_ASSIGN_OR_RETURN(const ItemId item, desk.Child(1));
        CQD_ASSIGN_OR_RETURN(const std::string text, desk.repository->Export(item));
        return Done(desk.repository->Import(me.id, me.default_item, text));
      },
      [](Desk& desk, const User& me) { return Done(desk.repository->Reset(me.id)); },
  };
}

/// Opens what is not open, signs in and makes the call.
bool Act(Desk& desk, const Step& step) {
  if (desk.repository == nullptr && !desk.Open().ok()) return false;
  const auto me = desk.Me();
  return me.ok() && step(desk, *me).ok();
}

bool Long() {
  const char* wanted = std::getenv("CQD_LONG");
  return wanted != nullptr && std::string(wanted) == "1";
}

class RepositoryFaults : public testing::TestWithParam<Fault> {
 protected:
  /// The state before the script, and after each step.
  void RunOracle() {
    const file::TemporaryFolder folder;
    FaultDisk::Get().Watch(folder.path(), 1);
    {
      Desk desk(folder.path());
      ASSERT_TRUE(desk.Open().ok());
      states_.push_back(*Dump(desk));
      for (const Step& step : Script()) {
        ASSERT_TRUE(Act(desk, step)) << "step " << states_.size();
        states_.push_back(*Dump(desk));
      }
    }
    operations_ = FaultDisk::Get().operations(GetParam());
    FaultDisk::Get().Unwatch();
  }

  void LosePower(Desk& desk) {
    FaultDisk& disk = FaultDisk::Get();
    if (!disk.fired() || GetParam() != Fault::kPowerLoss) disk.Arm(Fault::kPowerLoss, 1);
    desk.repository.reset();
    disk.LosePower();
    const Status opened = desk.Open();
    ASSERT_TRUE(opened.ok()) << opened.error().ToString();
  }

  /// The state is the one before or after step `k`; gives true for after.
  bool IsAfter(Desk& desk, std::size_t k) {
    const auto now = Dump(desk);
    EXPECT_TRUE(now.has_value()) << "the fault is gone";
    // Before the first step, first contact is a change of its own.
    EXPECT_TRUE(now == states_[k] || now == states_[k + 1] || (k == 0 && now == states_[0]))
        << "half a change:\n"
        << now.value_or("-");
    return now == states_[k + 1];
  }

  void RunWith(std::int64_t n) {
    const file::TemporaryFolder folder;
    FaultDisk& disk = FaultDisk::Get();
    disk.Watch(folder.path(), static_cast<unsigned>(n));
    disk.Arm(GetParam(), n);
    Desk desk(folder.path());
    const std::vector<Step> steps = Script();
    for (std::size_t k = 0; k < steps.size() && !HasFailure(); ++k) {
      SCOPED_TRACE(testing::Message() << FaultName(GetParam()) << " at operation " << n << " ("
                                      << disk.fired_at() << "), step " << k);
      bool done = Act(desk, steps[k]);
      if (GetParam() == Fault::kPowerLoss && disk.fired() && !power_went_) {
        LosePower(desk);
        power_went_ = true;
        if (HasFatalFailure()) return;
        const bool after = IsAfter(desk, k);
        EXPECT_TRUE(after || !done) << "it was acknowledged";
        done = after;
      }
      for (int attempt = 1; !done && !HasFailure(); ++attempt) {
        EXPECT_TRUE(disk.fired()) << "it failed without a fault";
        EXPECT_LT(attempt, 4) << "the fault is gone, and it fails still";
        disk.Heal();
        // Unacknowledged does not mean undone.
        done = (desk.repository != nullptr && IsAfter(desk, k)) || Act(desk, steps[k]);
      }
      EXPECT_TRUE(IsAfter(desk, k));
    }
    disk.Heal();
    if (!HasFailure()) {
      LosePower(desk);
      EXPECT_EQ(Dump(desk), states_.back()) << "at the end, operation " << n;
    }
    desk.repository.reset();
    disk.Unwatch();
  }

  std::vector<std::string> states_;
  std::int64_t operations_ = 0;
  bool power_went_ = false;
};

TEST_P(RepositoryFaults, ChangesAreWholeAndAcknowledgedOnesStay) {
  SetLogLevel(LogLevel::kError);
  RunOracle();
  const std::int64_t step = Long() ? 1 : std::max<std::int64_t>(1, operations_ / 20);
  for (std::int64_t n = 1 + (Long() ? 0 : step / 2); n <= operations_ && !HasFailure(); n += step) {
    power_went_ = false;
    RunWith(n);
  }
}

INSTANTIATE_TEST_SUITE_P(All, RepositoryFaults,
                         testing::Values(Fault::kIoError, Fault::kDiskFull, Fault::kShortWrite,
                                         Fault::kSyncFails, Fault::kDiskStaysFull, Fault::kDiskGone,
                                         Fault::kPowerLoss),
                         [](const testing::TestParamInfo<Fault>& fault) {
                           return "Fault" + std::to_string(static_cast<int>(fault.param));
                         });

}  // namespace
}  // namespace cqd::test
