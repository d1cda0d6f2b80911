// For tests of this module only: a small mail server on loopback that takes, refuses, delays and
// breaks off as told, with STARTTLS and AUTH PLAIN (RFC 5321, RFC 3207, RFC 4954).
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace cqd::alert {

struct ReceivedMail {
  std::string from;
  std::vector<std::string> to;
  std::string text;
  bool encrypted = false;
  std::string auth;  ///< of AUTH PLAIN, in base64
};

enum class SmtpMood {
  kFine,
  kRefuseLater,   ///< 451 to MAIL: try again
  kRefuseSender,  ///< 550 to MAIL
  kRefuseOneReceiver,
  kRefuseLogin,
  kBreakOffAfterData,  ///< the mail is taken and the answer lost
  kHang,
};

/// One connection after the other, as a thread of its own.
class SmtpServer {
 public:
  /// With a certificate, STARTTLS is offered.
  explicit SmtpServer(const std::string& certificate = {}, const std::string& key = {}) {
    if (!certificate.empty()) {
      context_.reset(SSL_CTX_new(TLS_server_method()));
      if (SSL_CTX_use_certificate_file(context_.get(), certificate.c_str(), SSL_FILETYPE_PEM) !=
              1 ||
          SSL_CTX_use_PrivateKey_file(context_.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
        throw std::runtime_error("the certificate cannot be used");
    }
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("no port for the mail server");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Loop(); });
  }
  ~SmtpServer() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
  }
  SmtpServer(const SmtpServer&) = delete;
  SmtpServer& operator=(const SmtpServer&) = delete;

  int port() const { return port_; }
  void SetMood(SmtpMood mood) { mood_ = mood; }
  std::vector<ReceivedMail> mails() const {
    const std::lock_guard guard(mutex_);
    return mails_;
  }
  int connections() const { return connections_; }

 private:
  struct Client {
    int fd = -1;
    std::unique_ptr<SSL, decltype(&SSL_free)> tls{nullptr, SSL_free};
    std::string pending;
    ReceivedMail mail;
  };

  void Loop() {
    while (!stopping_) {
      pollfd descriptor{listener_, POLLIN, 0};
      if (::poll(&descriptor, 1, 10) <= 0) continue;
      Client client;
      client.fd = ::accept(listener_, nullptr, nullptr);
      ++connections_;
      if (mood_ == SmtpMood::kHang) {
        while (!stopping_ && mood_ == SmtpMood::kHang) ::poll(nullptr, 0, 1);
      } else {
        Talk(client);
      }
      client.tls.reset();
      ::close(client.fd);
    }
  }

  static bool Say(Client& client, std::string line) {
    line += "\r\n";
    if (client.tls != nullptr)
      return SSL_write(client.tls.get(), line.data(), static_cast<int>(line.size())) > 0;
    return ::send(client.fd, line.data(), line.size(), MSG_NOSIGNAL) > 0;
  }
  /// Up to and without the next `end`.
  static bool Hear(Client& client, std::string_view end, std::string& text) {
    for (;;) {
      if (const std::size_t at = client.pending.find(end); at != std::string::npos) {
        text = client.pending.substr(0, at);
        client.pending.erase(0, at + end.size());
        return true;
      }
      char block[4096];
      const auto got = client.tls != nullptr
                           ? static_cast<ssize_t>(SSL_read(client.tls.get(), block, sizeof block))
                           : ::recv(client.fd, block, sizeof block, 0);
      if (got <= 0) return false;
      client.pending.append(block, static_cast<std::size_t>(got));
    }
  }
  bool StartTls(Client& client) const {
    client.tls.reset(SSL_new(context_.get()));
    SSL_set_fd(client.tls.get(), client.fd);
    return SSL_accept(client.tls.get()) == 1;
  }

  void Talk(Client& client) {
    if (!Say(client, "220 test ESMTP")) return;
    std::string line;
    while (Hear(client, "\r\n", line)) {
      if (line == "QUIT") {
        Say(client, "221 bye");
        return;
      }
      if (!Answer(client, line)) return;
    }
  }
  /// False: break off.
  bool Answer(Client& client, const std::string& line) {
    const SmtpMood mood = mood_;
    if (line.starts_with("EHLO")) {
      const bool offers = context_ != nullptr && client.tls == nullptr;
      return Say(client, offers ? "250-test\r\n250-AUTH PLAIN\r\n250 STARTTLS"
                                : "250-test\r\n250 AUTH PLAIN");
    }
    if (line == "STARTTLS") return Say(client, "220 go") && StartTls(client);
    if (line.starts_with("AUTH PLAIN")) {
      if (line.size() > 11) {
        client.mail.auth = line.substr(11);
      } else if (!Say(client, "334 ") || !Hear(client, "\r\n", client.mail.auth)) {
        return false;
      }
      return Say(client, mood == SmtpMood::kRefuseLogin ? "535 no" : "235 yes");
    }
    if (line.starts_with("MAIL FROM:")) {
      if (mood == SmtpMood::kRefuseLater) return Say(client, "451 later");
      if (mood == SmtpMood::kRefuseSender) return Say(client, "550 never");
      client.mail.from = line.substr(10);
      client.mail.encrypted = client.tls != nullptr;
      return Say(client, "250 ok");
    }
    if (line.starts_with("RCPT TO:")) {
      if (mood == SmtpMood::kRefuseOneReceiver && client.mail.to.empty() && !refused_one_) {
        refused_one_ = true;
        return Say(client, "550 nobody here");
      }
      client.mail.to.push_back(line.substr(8));
      return Say(client, "250 ok");
    }
    if (line == "DATA") {
      if (!Say(client, "354 go") || !Hear(client, "\r\n.\r\n", client.mail.text)) return false;
      {
        const std::lock_guard guard(mutex_);
        mails_.push_back(client.mail);
      }
      return mood != SmtpMood::kBreakOffAfterData && Say(client, "250 taken");
    }
    return Say(client, "250 ok");
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<SmtpMood> mood_{SmtpMood::kFine};
  std::atomic<int> connections_{0};
  bool refused_one_ = false;
  mutable std::mutex mutex_;
  std::vector<ReceivedMail> mails_;
  std::thread thread_;
};

}  // namespace cqd::alert
