// Attributes of time. Source: reference/cube-model.md 2.1, 2.3.
#include <fmt/format.h>

#include <array>
#include <chrono>

#include "model/internal/catalog.h"

namespace cqd::model {
namespace {

constexpr const char* kSource = "reference/cube-model.md 2.3";
// Days of 0001-01-01 and 9999-12-31; a day outside cannot be written as a date.
constexpr Value kFirstDay = -719'162;
constexpr Value kLastDay = 2'932'896;
constexpr int kSecondsPerDay = 86'400;
// The published member list: 493 months, reference/cube-model.md 2.1.
constexpr int kFirstListedYear = 1990;
constexpr int kListedMonthCount = 493;

constexpr std::array<std::string_view, 12> kMonthNames = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kDayNames = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

struct Date {
  int year = 0;
  int month = 0;  ///< 1..12
  int day = 0;    ///< 1..31
};

Date DateOf(Value day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<int>(static_cast<unsigned>(date.month())),
          .day = static_cast<int>(static_cast<unsigned>(date.day()))};
}
Value DayOf(int year, int month, int day) {
  using namespace std::chrono;
  const sys_days days = std::chrono::year{year} / month / day;
  return days.time_since_epoch().count();
}
/// 0 Sunday .. 6 Saturday; 1970-01-01 was a Thursday.
int WeekdayOf(Value day) {
  return static_cast<int>(((day + 4) % 7 + 7) % 7);
}
bool IsDay(Value day) {
  return day >= kFirstDay && day <= kLastDay;
}

std::string DateText(Value day) {
  const Date date = DateOf(day);
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

Member MonthMember(int year, int month) {
  return {.key = fmt::format("{:04}-{:02}-01T00:00:00", year, month),
          .caption = fmt::format("{} {}", kMonthNames[static_cast<std::size_t>(month - 1)], year),
          .order = year * 12 + month - 1};
}

std::vector<Member> ListedMonths() {
  std::vector<Member> months;
  for (int i = 0; i < kListedMonthCount; ++i) {
    months.push_back(MonthMember(kFirstListedYear + i / 12, i % 12 + 1));
  }
  return months;
}

std::vector<Member> ListedWeekdays() {
  std::vector<Member> days;
  for (std::size_t i = 0; i < kDayNames.size(); ++i) {
    days.push_back(TextMember(kDayNames[i], static_cast<std::int64_t>(i)));
  }
  return days;
}

/// A member made of a day that can be written as a date; blank for everything else.
template <typename F>
MemberFunction OfDay(F member) {
  return [member](Value day, Value, const Mapping&) {
    return IsDay(day) ? member(day) : BlankMember();
  };
}
template <typename F>
MemberFunction OfSecond(F member) {
  return [member](Value second, Value, const Mapping&) {
    return second >= 0 && second < kSecondsPerDay ? IntegerMember(member(second)) : BlankMember();
  };
}

Member TimeMember(Value day, Value second, const Mapping&) {
  if (!IsDay(day) || second < 0 || second >= kSecondsPerDay) return BlankMember();
  const std::string text = fmt::format("{}T{:02}:{:02}:{:02}", DateText(day), second / 3600,
                                       second / 60 % 60, second % 60);
  return {.key = text, .caption = text, .order = day * kSecondsPerDay + second};
}

/// StartDate or EndDate.
struct DateRole {
  std::string category;
  std::string what;  ///< "start"
  CubeColumn day;
  CubeColumn second;
  bool is_start;

  /// The later product has one set of dates; streams are dated by their start.
  std::vector<std::string> Aliases(std::vector<std::string> names) const {
    return is_start ? std::move(names) : std::vector<std::string>{};
  }
};

void AddMonths(Catalog& catalog, const DateRole& role) {
  catalog.Add({.category = role.category,
               .name = "Month",
               .aliases = role.Aliases({AllStreams("Full Month"), "[AudioStream].[Full Month]"}),
               .type = AttributeType::kDate,
               .input = role.day,
               .member = OfDay([](Value day) {
                 const Date date = DateOf(day);
                 return MonthMember(date.year, date.month);
               }),
               .fixed_members = ListedMonths,
               .proven = role.is_start,
               .description = "Calendar month of the stream's " + role.what +
                              " in the reporting zone, keyed by its first day",
               .source = "reference/cube-model.md 2.1"});
  if (!role.is_start) return;
  catalog.Add({.category = "AllStreams",
               .name = "Month Year",
               .aliases = {"[AudioStream].[Month Year]"},
               .type = AttributeType::kDate,
               .input = role.day,
               .member = OfDay([](Value day) {
                 const Date date = DateOf(day);
                 return TextMember(fmt::format("{:04}-{:02}", date.year, date.month),
                                   date.year * 12 + date.month - 1);
               }),
               .listed = false,
               .description = "Calendar month of the start as year and month number",
               .source = kSource});
}

void AddDays(Catalog& catalog, const DateRole& role) {
  const auto add = [&](const char* name, AttributeType type, std::string description,
                       MemberFunction member, MemberList fixed = {}) {
    const std::string alias = std::string_view(name) == "Month Of Year" ? "Month" : name;
    catalog.Add({.category = role.category,
                 .name = name,
                 .aliases = role.Aliases({AllStreams(alias)}),
                 .type = type,
                 .input = role.day,
                 .member = std::move(member),
                 .fixed_members = std::move(fixed),
                 .description = std::move(description) + " of the " + role.what,
                 .source = kSource});
  };
  add("Date", AttributeType::kDate, "Date",
      OfDay([](Value day) { return TextMember(DateText(day), day); }));
  add("Week", AttributeType::kDate, "Date of the Sunday that begins the week", OfDay([](Value day) {
        const Value sunday = day - WeekdayOf(day);
        return IsDay(sunday) ? TextMember(DateText(sunday), sunday) : BlankMember();
      }));
  add("Year", AttributeType::kInteger, "Year",
      OfDay([](Value day) { return IntegerMember(DateOf(day).year); }));
  add("Month Of Year", AttributeType::kInteger, "Month number 1 to 12",
      OfDay([](Value day) { return IntegerMember(DateOf(day).month); }));
  add("Day", AttributeType::kInteger, "Day of the month",
      OfDay([](Value day) { return IntegerMember(DateOf(day).day); }));
  add("Day Of Year", AttributeType::kInteger, "Day of the year, 1 to 366",
      OfDay([](Value day) { return IntegerMember(day - DayOf(DateOf(day).year, 1, 1) + 1); }));
  add("Day Of Week", AttributeType::kText, "Name of the weekday", OfDay([](Value day) {
        const int weekday = WeekdayOf(day);
        return TextMember(kDayNames[static_cast<std::size_t>(weekday)], weekday);
      }),
      ListedWeekdays);
  add("Day Number Of Week", AttributeType::kInteger, "Number of the weekday, 0 is Sunday",
      OfDay([](Value day) { return IntegerMember(WeekdayOf(day)); }));
}

void AddTimesOfDay(Catalog& catalog, const DateRole& role) {
  const auto add = [&](const char* name, std::string description, MemberFunction member) {
    catalog.Add({.category = role.category,
                 .name = name,
                 .aliases = role.Aliases({AllStreams(name)}),
                 .type = AttributeType::kInteger,
                 .input = role.second,
                 .member = std::move(member),
                 .description = std::move(description) + " of the " + role.what,
                 .source = kSource});
  };
  add("Hour", "Hour of the day, 0 to 23", OfSecond([](Value second) { return second / 3600; }));
  add("Minute", "Minute of the hour", OfSecond([](Value second) { return second / 60 % 60; }));
  add("Second", "Second of the minute", OfSecond([](Value second) { return second % 60; }));
  catalog.Add({.category = role.category,
               .name = "Time",
               .aliases = {AllStreams(role.is_start ? "Start Time" : "End Time")},
               .type = AttributeType::kDate,
               .input = role.day,
               .second_input = role.second,
               .member = TimeMember,
               .description = "Moment of the " + role.what +
                              " to the second, in the reporting zone; for lists of single streams",
               .source = "reference/cube-model.md 6"});
}

}  // namespace

void AddDateAttributes(Catalog& catalog) {
  const DateRole roles[] = {
      {"StartDate", "start", CubeColumn::kStartDay, CubeColumn::kStartSecond, true},
      {"EndDate", "end", CubeColumn::kEndDay, CubeColumn::kEndSecond, false}};
  for (const DateRole& role : roles) {
    AddMonths(catalog, role);
    AddDays(catalog, role);
    AddTimesOfDay(catalog, role);
  }
}

}  // namespace cqd::model
