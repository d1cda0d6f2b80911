// The steps of repository.sqlite's format. Described in docs/formats/repository.md.
#pragma once

#include "sqlite/database.h"

namespace cqd::repository {

inline constexpr sqlite::Migration kMigrations[] = {{1, R"sql(
CREATE TABLE user(
  user_id INTEGER PRIMARY KEY,
  login_name TEXT NOT NULL UNIQUE,
  default_item_id INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL);
CREATE TABLE item(
  item_id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL REFERENCES user(user_id),
  parent_id INTEGER REFERENCES item(item_id) ON DELETE SET NULL,
  position INTEGER NOT NULL,
  type TEXT NOT NULL,
  content TEXT NOT NULL,
  title TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  children_version INTEGER NOT NULL DEFAULT 1,
  changed_at INTEGER NOT NULL,
  system_key TEXT);
CREATE INDEX item_by_parent ON item(parent_id, position);
CREATE INDEX item_by_user ON item(user_id);
CREATE UNIQUE INDEX item_by_system_key ON item(system_key) WHERE system_key IS NOT NULL;
CREATE TABLE setting(
  user_id INTEGER NOT NULL REFERENCES user(user_id),
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(user_id, key)) WITHOUT ROWID;
)sql"},
                                                    // History and undelete.
                                                    {2, R"sql(
ALTER TABLE item ADD COLUMN action TEXT NOT NULL DEFAULT 'created';
ALTER TABLE item ADD COLUMN deletion INTEGER;
CREATE INDEX item_by_deletion ON item(deletion) WHERE deletion IS NOT NULL;
CREATE TABLE revision(
  item_id INTEGER NOT NULL REFERENCES item(item_id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  at INTEGER NOT NULL,
  action TEXT NOT NULL,
  type TEXT NOT NULL,
  title TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY(item_id, version)) WITHOUT ROWID;
CREATE TABLE deletion(
  item_id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES user(user_id),
  at INTEGER NOT NULL,
  items INTEGER NOT NULL,
  by_reset INTEGER NOT NULL);
CREATE INDEX deletion_by_user ON deletion(user_id, at);
)sql"}};

}  // namespace cqd::repository
