#include "alert/internal/smtp.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>

namespace cqd::alert {
namespace {

struct Upload {
  std::string_view left;
};

std::size_t GiveMail(char* to, std::size_t size, std::size_t count, void* from) {
  auto& upload = *static_cast<Upload*>(from);
  const std::size_t bytes = std::min(size * count, upload.left.size());
  std::memcpy(to, upload.left.data(), bytes);
  upload.left.remove_prefix(bytes);
  return bytes;
}

std::size_t DropAnswer(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

/// Anything but 0 ends the transfer.
int AskToStop(void* cancel, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const CancelToken*>(cancel)->cancelled() ? 1 : 0;
}

/// What EHLO calls this machine: its name, or what RFC 5321 section 4.1.3 has for machines without.
std::string GreetingName() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) return "localhost";
  const std::string_view text = name;
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-';
  });
  return plain ? std::string(text) : "localhost";
}

/// libcurl's own texts name no more than host and port; its buffer is not shown.
Error ErrorOf(CURLcode code, long answer) {
  switch (static_cast<int>(code)) {
    case CURLE_ABORTED_BY_CALLBACK:
      return Fail(ErrorCode::kCancelled, "stopped on request");
    case CURLE_OPERATION_TIMEDOUT:
      return Fail(ErrorCode::kDeadlineExceeded, "the mail server did not answer in time");
    case CURLE_LOGIN_DENIED:
      return Fail(ErrorCode::kUnauthenticated, "the mail server refused the sign-in");
    case CURLE_USE_SSL_FAILED:
      return Fail(ErrorCode::kUnavailable, "the mail server offers no STARTTLS");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return Fail(ErrorCode::kUnavailable,
                  "the mail server's certificate is not trusted; see ca_file");
    default:
      break;
  }
  if (answer >= 400)
    return Fail(ErrorCode::kUnavailable, fmt::format("the mail server answered {}", answer));
  return Fail(ErrorCode::kUnavailable,
              fmt::format("the mail could not be handed over: {}", curl_easy_strerror(code)));
}

void SetConnection(CURL* curl, const Target& target, const CancelToken& cancel) {
  const MailSettings& mail = target.mail;
  const bool v6 = mail.server.find(':') != std::string::npos;
  const std::string url =
      fmt::format("{}://{}:{}/{}", mail.tls == MailTls::kTls ? "smtps" : "smtp",
                  v6 ? "[" + mail.server + "]" : mail.server, mail.port, GreetingName());
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  // The environment of the server is not a setting: no proxy from there, and no .netrc.
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  // Signals are the process's own.
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(target.timeout).count();
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(ms));
  curl_easy_setopt(
      curl, CURLOPT_USE_SSL,
      static_cast<long>(mail.tls == MailTls::kNone ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!target.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, target.ca_file.c_str());
  if (!mail.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, mail.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, mail.password.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, AskToStop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, const_cast<CancelToken*>(&cancel));
}

}  // namespace

Delivered SendMail(const Target& target, const std::string& mail, const CancelToken& cancel) {
  // Once a process and before the first use; libcurl has no other thread-safe way in this version.
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 curl_easy_cleanup);
  curl_slist* list = nullptr;
  for (const std::string& address : target.mail.to) {
    curl_slist* longer = curl_slist_append(list, ("<" + address + ">").c_str());
    if (longer != nullptr) list = longer;
  }
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> receivers(list,
                                                                              curl_slist_free_all);
  if (curl == nullptr || list == nullptr)
    return {.status = Fail(ErrorCode::kInternal, "no mail could be begun")};
  SetConnection(curl.get(), target, cancel);
  const std::string from = "<" + target.mail.from + ">";
  Upload upload{mail};
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, receivers.get());
  // One address that is gone must not keep the alarm from the others.
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, GiveMail);
  curl_easy_setopt(curl.get(), CURLOPT_READDATA, &upload);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, DropAnswer);
  const CURLcode code = curl_easy_perform(curl.get());
  long answer = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer);
  Delivered delivered{.status = OkStatus(), .code = static_cast<int>(answer)};
  if (code != CURLE_OK) delivered.status = ErrorOf(code, answer);
  return delivered;
}

}  // namespace cqd::alert
