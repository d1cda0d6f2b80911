#include "model/internal/agent_text.h"

#include <vector>

#include "base/text.h"

namespace cqd::model {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool StartsWithDigit(std::string_view text) {
  return !text.empty() && IsDigit(text.front());
}

/// "15.0.4753" of "15.0.4753)".
std::string_view VersionAtStart(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (IsDigit(text[end]) || text[end] == '.')) ++end;
  while (end > 0 && text[end - 1] == '.') --end;
  return text.substr(0, end);
}

}  // namespace

std::string_view VersionOfAgent(std::string_view agent, std::string_view agent_name) {
  std::string_view last_of_product, last_bare;
  for (const std::string_view word : Split(agent, ' ')) {
    const std::size_t slash = word.find('/');
    if (slash == std::string_view::npos) {
      const std::string_view version = VersionAtStart(word);
      if (version.find('.') != std::string_view::npos) last_bare = version;
      continue;
    }
    const std::string_view rest = word.substr(slash + 1);
    if (!StartsWithDigit(rest)) continue;
    last_of_product = VersionAtStart(rest);
    if (!agent_name.empty() && EqualsIgnoreCase(word.substr(0, slash), agent_name)) {
      return last_of_product;
    }
  }
  return last_of_product.empty() ? last_bare : last_of_product;
}

std::string FilteredOs(std::string_view os) {
  os = Trim(os);
  std::size_t at = 0;
  while (at < os.size() && !(IsDigit(os[at]) && (at == 0 || os[at - 1] == ' '))) ++at;
  if (at == os.size()) return std::string(os);
  std::size_t end = at;
  int dots = 0;
  while (end < os.size() && (IsDigit(os[end]) || (os[end] == '.' && ++dots < 2))) ++end;
  while (os[end - 1] == '.') --end;
  return std::string(os.substr(0, end));
}

std::string_view ArchitectureOfOs(std::string_view os) {
  constexpr std::string_view kMark = "Arch:";
  const std::size_t at = os.find(kMark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = Trim(os.substr(at + kMark.size()));
  return rest.substr(0, rest.find(' '));
}

std::string DomainOfUri(std::string_view uri) {
  const std::size_t at = uri.find('@');
  if (at == std::string_view::npos) return {};
  const std::string_view rest = uri.substr(at + 1);
  return ToLower(rest.substr(0, rest.find_first_of(":;?>")));
}

std::string_view IceName(Value ice) {
  switch (ice) {
    case 1:
      return "DIRECT";
    case 2:
      return "RELAY";
    case 4:
      return "HTTP";
    case 8:
      return "FAILED";
    default:
      return {};
  }
}

}  // namespace cqd::model
