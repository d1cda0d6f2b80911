#include "cube/members.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "cube/internal/lenient_json.h"
#include "cube/internal/member_text.h"
#include "cube/internal/value_list.h"
#include "cube/result.h"

namespace cqd::cube {
namespace {

namespace json = boost::json;

/// Ours: no member is longer (reference/qoe-metrics-schema.md 4: URIs have 450 characters).
constexpr std::size_t kSearchBytesMax = 4096;
constexpr std::int64_t kPageSizeMax = 1'000'000;
constexpr std::string_view kBlankCaption = "(Blank)";

Error Invalid(std::string message, std::string field) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), {}, std::move(field));
}

Status ReadSearch(const json::object& body, const std::string& name, std::string& out) {
  CQD_ASSIGN_OR_RETURN(auto text, TextProperty(body, name, name));
  if (!text) return OkStatus();
  if (text->size() > kSearchBytesMax) {
    return Invalid(fmt::format("{} may have {} bytes at most", name, kSearchBytesMax), name);
  }
  out = *std::move(text);
  return OkStatus();
}

Status ReadNumber(const json::object& body, const std::string& name, std::int64_t least,
                  std::int64_t most, std::int64_t& out) {
  CQD_ASSIGN_OR_RETURN(const auto number, IntegerProperty(body, name, name));
  if (!number) return OkStatus();
  if (*number < least || *number > most) {
    return Invalid(fmt::format("{} must be {} to {}", name, least, most), name);
  }
  out = *number;
  return OkStatus();
}

std::pair<std::string, std::string> ShownMember(const model::Member& member) {
  if (member.blank) return {BracketKey(kBlankCaption), std::string(kBlankCaption)};
  return {BracketKey(member.key), member.caption};
}

bool Contains(std::string_view text, const std::string& folded_search) {
  return folded_search.empty() || FoldCase(text).find(folded_search) != std::string::npos;
}

}  // namespace

Result<MembersRequest> ParseMembersRequest(std::string_view text) {
  CQD_ASSIGN_OR_RETURN(const json::object body, ParseLenientObject(text));
  const std::string field = "DataModelName";
  CQD_ASSIGN_OR_RETURN(const auto name, TextProperty(body, field, field));
  if (!name || Trim(*name).empty()) return Invalid("DataModelName is missing", field);

  MembersRequest request;
  request.attribute = model::FindAttribute(Trim(*name));
  if (request.attribute == nullptr) {
    const std::string shown = name->substr(0, 128);
    const auto near = NearestNames(shown, model::AttributeNames());
    return Invalid(fmt::format("no dimension is called {}{}{}", shown,
                               near.empty() ? "" : "; near names: ", fmt::join(near, ", ")),
                   field);
  }
  CQD_ASSIGN_OR_RETURN(const auto bypass, BooleanProperty(body, "ByPassCache", "ByPassCache"));
  request.bypass_cache = bypass.value_or(false);
  CQD_RETURN_IF_ERROR(ReadSearch(body, "SearchCaption", request.search_caption));
  CQD_RETURN_IF_ERROR(ReadSearch(body, "SearchValue", request.search_value));
  CQD_RETURN_IF_ERROR(ReadNumber(body, "PageNumber", 0, 1'000'000'000, request.page_number));
  CQD_RETURN_IF_ERROR(ReadNumber(body, "PageSize", 1, kPageSizeMax, request.page_size));
  return request;
}

Result<std::vector<model::Member>> AllMembers(const model::Attribute& attribute,
                                              const Executor* executor, const QueryLimits& limits) {
  if (attribute.member_source == model::MemberSource::kFixed) return attribute.fixed_members();
  if (executor == nullptr) {
    return Fail(ErrorCode::kUnavailable, "the cube has not been processed yet");
  }
  CubeQuery query;
  query.dimensions = {&attribute};
  CQD_ASSIGN_OR_RETURN(Groups groups, executor->Run(query, limits));
  std::vector<model::Member> members;
  members.reserve(groups.size());
  for (Group& group : groups) members.push_back(std::move(group.members.front()));
  std::sort(members.begin(), members.end(), [](const model::Member& a, const model::Member& b) {
    return std::tie(a.order, a.caption, a.key) < std::tie(b.order, b.caption, b.key);
  });
  return members;
}

MembersPage SelectMembers(const std::vector<model::Member>& all, const MembersRequest& request) {
  const std::string caption_search = FoldCase(request.search_caption);
  const std::string value_search = FoldCase(request.search_value);
  const std::int64_t first = request.page_number * request.page_size;
  MembersPage page;
  for (const model::Member& member : all) {
    auto shown = ShownMember(member);
    if (!Contains(shown.second, caption_search) || !Contains(shown.first, value_search)) continue;
    const std::int64_t at = page.members_count++;
    if (at >= first && at - first < request.page_size) page.members.push_back(std::move(shown));
  }
  return page;
}

std::string WriteMembersJson(const MembersPage& page) {
  std::string out = fmt::format("{{\"MembersCount\":{},\"Members\":[", page.members_count);
  out.reserve(out.size() + page.members.size() * 64);
  for (const auto& [key, caption] : page.members) {
    out.push_back('[');
    AppendJsonText(out, key);
    out.push_back(',');
    AppendJsonText(out, caption);
    out.append("],");
  }
  if (out.back() == ',') out.pop_back();
  out.append("]}");
  return out;
}

}  // namespace cqd::cube
