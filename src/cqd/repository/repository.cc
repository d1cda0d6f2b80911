#include "repository/repository.h"

#include <fmt/format.h>

#include "base/text.h"
#include "repository/internal/state.h"
#include "repository/system_set.h"

namespace cqd::repository {
namespace {

Error NoSuchUser(UserId user) {
  return Fail(ErrorCode::kNotFound, fmt::format("there is no user {}", user.value), {}, "userId");
}

Status CheckSettingText(std::string_view text, std::size_t bytes_max, std::string_view field) {
  if (text.size() > bytes_max) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("{} has at most {} bytes", field, bytes_max), {}, std::string(field));
  }
  if (CleanUtf8(text, text.size()) != text) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} must be UTF-8 without the character U+0000", field), {},
                std::string(field));
  }
  return OkStatus();
}

Status CheckOwnSettings(UserId by, UserId user) {
  if (by == user && user != kSystemUser) return OkStatus();
  return Fail(ErrorCode::kPermissionDenied,
              user == kSystemUser ? "global settings never change; store one of your own"
                                  : "only the owner may change a setting",
              {}, "userId");
}

Error NoSuchSetting(std::string_view key) {
  return Fail(ErrorCode::kNotFound,
              fmt::format("the user has no setting {}", CleanUtf8(key, kSettingKeyBytesMax)), {},
              "key");
}

}  // namespace

Repository::Repository(std::unique_ptr<State> state) : state_(std::move(state)) {}
Repository::~Repository() = default;

Result<std::unique_ptr<Repository>> Repository::Open(const std::string& path, const Clock& clock) {
  CQD_ASSIGN_OR_RETURN(Store store, Store::Open(path));
  auto state = std::make_unique<State>(std::move(store), clock);
  CQD_RETURN_IF_ERROR(state->Change([&] { return state->BringSystemSet(); }));
  CQD_RETURN_IF_ERROR(state->Read([&] { return state->LoadUsers(); }));
  return std::unique_ptr<Repository>(new Repository(std::move(state)));
}

// --- State -------------------------------------------------------------------------------------

Status Repository::State::LoadUsers() {
  CQD_ASSIGN_OR_RETURN(const std::vector<User> known, store.Users());
  for (const User& user : known) Note(user);
  return OkStatus();
}

Status Repository::State::BringSystemSet() {
  const UtcTime now = clock.Now();
  CQD_RETURN_IF_ERROR(store.InsertSystemUser(now));
  std::map<std::string, ItemId> ids;
  CQD_ASSIGN_OR_RETURN(const auto stored, store.SystemKeys());
  for (const auto& [key, id] : stored) ids[key] = id;

  std::map<ItemId, std::vector<ItemId>> wanted;  // children
  std::map<std::string, ItemId> left = ids;
  for (const SystemItem& item : SystemItems()) {
    left.erase(item.key);
    const auto parent =
        item.parent.empty() ? std::nullopt : std::optional<ItemId>(ids.at(item.parent));
    const auto known = ids.find(item.key);
    if (known == ids.end()) {
      CQD_ASSIGN_OR_RETURN(
          ids[item.key],
          store.Insert({kSystemUser, parent, 0, kJsonType, item.content, "system"}, now));
      CQD_RETURN_IF_ERROR(store.SetSystemKey(ids[item.key], item.key));
    } else {
      CQD_ASSIGN_OR_RETURN(const StoredItem old, store.Find(known->second));
      if (old.content != item.content) {
        CQD_RETURN_IF_ERROR(
            store.Rewrite(old, {item.content, std::string(kJsonType)}, "system", now));
      }
    }
    if (parent) wanted[*parent].push_back(ids[item.key]);
    if (!parent) CQD_RETURN_IF_ERROR(store.SetDefaultItem(kSystemUser, ids[item.key]));
  }
  // What moved is put under its new parent before what is left over goes with everything below.
  for (const auto& [parent, children] : wanted)
    CQD_RETURN_IF_ERROR(store.Arrange(children, parent));
  for (const auto& [key, id] : left) {
    CQD_RETURN_IF_ERROR(store.SetSystemKey(id, std::nullopt));
    if (!store.Find(id).ok()) continue;
    CQD_ASSIGN_OR_RETURN(const std::int64_t gone, store.Delete(id, kSystemUser, false, now));
    CQD_CHECK(gone > 0);
  }
  for (const auto& [key, value] : GlobalSettings()) {
    CQD_RETURN_IF_ERROR(store.PutSetting(kSystemUser, key, value));
  }
  return OkStatus();
}

Result<User> Repository::State::FindUser(UserId user) const {
  const auto found = users.find(user);
  if (found == users.end()) return NoSuchUser(user);
  return found->second;
}

void Repository::State::Note(const User& user) {
  users[user.id] = user;
  by_login[user.login_name] = user.id;
}

// --- Users and settings ------------------------------------------------------------------------

Result<User> Repository::Enter(std::string_view login_name) {
  if (login_name.empty() || EqualsIgnoreCase(login_name, kSystemLogin)) {
    return Fail(ErrorCode::kPermissionDenied,
                "this login is the repository's own; sign in with another one", {}, "loginName");
  }
  {
    const std::lock_guard lock(state_->mutex);
    const auto known = state_->by_login.find(login_name);
    if (known != state_->by_login.end()) return state_->users.at(known->second);
  }
  const auto enter = [&]() -> Result<User> {
    // Somebody else may have been quicker.
    const auto known = state_->by_login.find(login_name);
    if (known != state_->by_login.end()) return state_->users.at(known->second);
    CQD_ASSIGN_OR_RETURN(const UserId id,
                         state_->store.InsertUser(login_name, state_->clock.Now()));
    CQD_ASSIGN_OR_RETURN(const ItemId root, state_->CopySystemSet(id));
    return User{id, std::string(login_name), root};
  };
  return state_->Change(enter, [&](const Result<User>& user) { state_->Note(*user); });
}

Result<std::vector<User>> Repository::ListUsers() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<User> users;
  users.reserve(state_->users.size());
  for (const auto& [id, user] : state_->users) users.push_back(user);
  return users;
}

Result<User> Repository::GetUser(UserId user) const {
  return state_->Read([&] { return state_->FindUser(user); });
}

Result<std::vector<Setting>> Repository::ListSettings(UserId user, bool effective) const {
  return state_->Read([&]() -> Result<std::vector<Setting>> {
    CQD_RETURN_IF_ERROR(state_->FindUser(user));
    CQD_ASSIGN_OR_RETURN(std::vector<Setting> own, state_->store.Settings(user));
    if (!effective || user == kSystemUser) return own;
    CQD_ASSIGN_OR_RETURN(std::vector<Setting> global, state_->store.Settings(kSystemUser));
    std::map<std::string, Setting> merged;
    for (Setting& setting : own) merged.emplace(setting.key, std::move(setting));
    for (Setting& setting : global) merged.emplace(setting.key, std::move(setting));
    std::vector<Setting> settings;
    for (auto& [key, setting] : merged) settings.push_back(std::move(setting));
    return settings;
  });
}

Result<Setting> Repository::GetSetting(UserId user, std::string_view key, bool effective) const {
  CQD_ASSIGN_OR_RETURN(const std::vector<Setting> settings, ListSettings(user, effective));
  for (const Setting& setting : settings) {
    if (setting.key == key) return setting;
  }
  return NoSuchSetting(key);
}

Status Repository::PutSetting(UserId by, UserId user, std::string_view key,
                              std::string_view value) {
  CQD_RETURN_IF_ERROR(CheckSettingText(key, kSettingKeyBytesMax, "key"));
  CQD_RETURN_IF_ERROR(CheckSettingText(value, kSettingValueBytesMax, "value"));
  return state_->Change([&]() -> Status {
    CQD_RETURN_IF_ERROR(state_->FindUser(user));
    CQD_RETURN_IF_ERROR(CheckOwnSettings(by, user));
    CQD_ASSIGN_OR_RETURN(const std::vector<Setting> own, state_->store.Settings(user));
    const bool known = std::any_of(own.begin(), own.end(),
                                   [&](const Setting& setting) { return setting.key == key; });
    if (!known && own.size() >= kSettingsPerUserMax) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("a user has at most {} settings", kSettingsPerUserMax), {}, "key");
    }
    return state_->store.PutSetting(user, key, value);
  });
}

Status Repository::DeleteSetting(UserId by, UserId user, std::string_view key) {
  return state_->Change([&]() -> Status {
    CQD_RETURN_IF_ERROR(state_->FindUser(user));
    CQD_RETURN_IF_ERROR(CheckOwnSettings(by, user));
    CQD_ASSIGN_OR_RETURN(const bool gone, state_->store.DeleteSetting(user, key));
    return gone ? OkStatus() : Status(NoSuchSetting(key));
  });
}

}  // namespace cqd::repository
