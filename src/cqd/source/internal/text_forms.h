// Brings the texts of reports to the one form the dictionaries hold (model/key_space.h), so that
// two reports of the same thing give the same key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace cqd::source::internal {

/// UTF-8 of any input: a byte order mark is obeyed and dropped (UTF-16 is converted), a declared
/// Latin-1 converted. Bytes that are no UTF-8 stay; the dictionaries clean them.
std::string ToUtf8(std::string_view bytes);

/// A number; NaN when there is text that is none; nullopt for a blank text.
std::optional<double> NumberOf(std::string_view text);
/// 1 or 0 of true/false/1/0/yes/no; nullopt otherwise.
std::optional<double> FlagOf(std::string_view text);
/// A time after 1990; nullopt for anything else ("0", "", a clock that was never set).
std::optional<UtcTime> TimeOf(std::string_view text);

/// `"Name" <sip:Anna@Contoso.example:5060;user=phone>` becomes `anna@contoso.example`. Parameters
/// stay only where they are the identity (conferences and services: opaque=app:...,
/// opaque=srvr:...). "" for `(null)`.
std::string UserForm(std::string_view text);
/// True for the URI of a conference (reference/cube-model.md 2.7, Conference Type).
bool IsConferenceUri(std::string_view text);
/// Scheme dropped, lower-case, all parameters kept.
std::string ConferenceForm(std::string_view text);
/// Adapter addresses: "ac-86-74-0a-0b-1f"; 8-byte forms are cut to 6. "" for anything else, and for
/// all zeros.
std::string MacForm(std::string_view text);
/// IPv4 and IPv6 in their shortest form without brackets; "" for anything else and for the zero
/// address.
std::string AddressForm(std::string_view text);
/// address AND mask, the mask as dotted address or prefix length. "" when either does not fit.
std::string SubnetForm(std::string_view address, std::string_view mask);
/// A port: 1..65535.
std::optional<double> PortOf(std::string_view text);
/// "0x" hexadecimal, digits decimal, with letters a-f hexadecimal (reference/ingest-formats.md 5).
/// 0 = unknown.
std::uint32_t SsrcOf(std::string_view text);
/// Link speed in bit/s; the saturated 32-bit value says nothing (reference/ingest-formats.md 4).
std::optional<double> LinkSpeedOf(std::string_view text);

/// A SIP message taken apart. Header names are lower-case, compact forms spelled out.
struct SipMessage {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;
  /// First header called `name`, or "".
  std::string_view Header(std::string_view name) const;
};
/// nullopt when `text` does not start with a SIP request or status line. Takes CRLF and LF.
std::optional<SipMessage> ParseSip(std::string_view text);
/// Call-ID, CSeq and sender's tag of a SIP message: equal for retransmissions. "" when it is none.
std::string SipTransaction(std::string_view text);

}  // namespace cqd::source::internal
