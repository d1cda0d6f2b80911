// The settings of alerts; the rest is in config.cc.
#include "server/config.h"

namespace cqd::server {

std::vector<Setting> AlertSettingsOf(Config& c) {
  return {
      {.key = "alert.check_every_s",
       .value = &c.alert_check_every_s,
       .min = 1,
       .max = 3600,
       .unit = "s",
       .meaning = "How often the status is looked at for outages. It does not depend on runs."},
      {.key = "alert.hold_off_s",
       .value = &c.alert_hold_off_s,
       .min = 0,
       .max = 86'400,
       .unit = "s",
       .meaning = "How long something must be wrong before anybody is told. Longer: fewer alarms "
                  "over what mends itself, and later ones."},
      {.key = "alert.resolve_after_s",
       .value = &c.alert_resolve_after_s,
       .min = 0,
       .max = 86'400,
       .unit = "s",
       .meaning = "How long all must be well before the end is told. Longer: one outage instead of "
                  "many when it comes and goes."},
      {.key = "alert.public_url",
       .value = &c.alert_public_url,
       .meaning = "Address under which people reach this server (`https://cqd.example.org`), for "
                  "the link in messages; empty: none."},
  };
}

std::vector<Setting> SettingsOf(AlertTargetConfig& t) {
  return {
      {.key = "alert.target.name",
       .value = &t.name,
       .meaning = "Name in logs, in the delivery log and for `cqd alert test`."},
      {.key = "alert.target.kind",
       .value = &t.kind,
       .choices = {"generic", "teams", "slack", "alertmanager", "email", "ping"},
       .meaning = "What it understands; see alerts.md."},
      {.key = "alert.target.url",
       .value = &t.url,
       .meaning = "Where to post to (all but `email`); for `alertmanager`, host and port suffice."},
      {.key = "alert.target.url_file",
       .value = &t.url_file,
       .meaning = "File whose first line is the URL, for one that holds a token."},
      {.key = "alert.target.secret_file",
       .value = &t.secret_file,
       .meaning = "File whose first line is the key of the signature; empty: unsigned."},
      {.key = "alert.target.min_severity",
       .value = &t.min_severity,
       .choices = {"warn", "fail"},
       .meaning = "Least severity it is told of."},
      {.key = "alert.target.stages",
       .value = &t.stages,
       .meaning = "What it is told of: `archive`, `cube`, `system`, `slo`, `source` (each), "
                  "`source:NAME`; empty: all."},
      {.key = "alert.target.timeout_s",
       .value = &t.timeout_s,
       .min = 1,
       .max = 300,
       .unit = "s",
       .meaning = "Longest time of one try."},
      {.key = "alert.target.ca_file",
       .value = &t.ca_file,
       .meaning = "PEM file of further trusted authorities, beside the system's."},
      {.key = "alert.target.server", .value = &t.server, .meaning = "`email`: the mail server."},
      {.key = "alert.target.port",
       .value = &t.port,
       .min = 1,
       .max = 65535,
       .meaning = "`email`: its port: 587 for submission, 465 with `tls`, 25 inside."},
      {.key = "alert.target.tls",
       .value = &t.tls,
       .choices = {"none", "starttls", "tls"},
       .meaning = "`email`: encryption; `starttls` and `tls` send nothing without it."},
      {.key = "alert.target.user",
       .value = &t.user,
       .meaning = "`email`: account to sign in with; empty: none."},
      {.key = "alert.target.password_file",
       .value = &t.password_file,
       .meaning = "`email`: file whose first line is the password."},
      {.key = "alert.target.from", .value = &t.from, .meaning = "`email`: sender's address."},
      {.key = "alert.target.to", .value = &t.to, .meaning = "`email`: receivers' addresses."},
      {.key = "alert.target.every_s",
       .value = &t.every_s,
       .min = 5,
       .max = 86'400,
       .unit = "s",
       .meaning = "`ping`: distance of the calls."},
      {.key = "alert.target.well",
       .value = &t.well,
       .choices = {"pass", "not_fail"},
       .meaning = "`ping`: while which status it is called."},
      {.key = "alert.target.fail_suffix",
       .value = &t.fail_suffix,
       .meaning = "`ping`: call the URL with `/fail` behind it when it is worse, instead of "
                  "staying silent."},
  };
}

}  // namespace cqd::server
