#include "archive/internal/import_table.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "archive/internal/dictionary.h"
#include "base/check.h"
#include "base/text.h"

namespace cqd::archive::internal {
namespace {

struct Address {
  int family = 0;
  std::array<unsigned char, 16> bytes{};
};

std::optional<Address> ParseAddress(const std::string& text) {
  Address address;
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, text.c_str(), address.bytes.data()) == 1) {
      address.family = family;
      return address;
    }
  }
  return std::nullopt;
}

std::string FormatAddress(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(address.family, address.bytes.data(), text, sizeof text);
  return text;
}

std::size_t CharactersIn(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string Number(double value) {
  return value == std::floor(value) ? fmt::format("{:.0f}", value) : fmt::format("{}", value);
}

std::optional<std::string> CheckNumber(const ColumnSpec& column, std::string_view text) {
  if (column.type == CellType::kNumber) {
    const auto value = ParseDouble(text);
    if (!value || *value < column.min || *value > column.max) return std::nullopt;
    return std::string(text);
  }
  const auto value = ParseInt(text);
  if (!value || static_cast<double>(*value) < column.min ||
      static_cast<double>(*value) > column.max) {
    return std::nullopt;
  }
  return std::to_string(*value);
}

/// 0, 1, and the words people export for them.
std::optional<std::string> CheckFlag(std::string_view text) {
  for (const std::string_view yes : {"1", "true", "yes"}) {
    if (EqualsIgnoreCase(text, yes)) return "1";
  }
  for (const std::string_view no : {"0", "false", "no"}) {
    if (EqualsIgnoreCase(text, no)) return "0";
  }
  return std::nullopt;
}

/// The stored form, or nullopt.
std::optional<std::string> Checked(const ColumnSpec& column, std::string_view text) {
  switch (column.type) {
    case CellType::kText:
      if (static_cast<double>(CharactersIn(text)) > column.max) return std::nullopt;
      return std::string(text);
    case CellType::kInteger:
    case CellType::kNumber:
      return CheckNumber(column, text);
    case CellType::kFlag:
      return CheckFlag(text);
    case CellType::kAddress: {
      const auto address = ParseAddress(std::string(text));
      if (!address) return std::nullopt;
      return FormatAddress(*address);
    }
    case CellType::kHardwareAddress: {
      // The spelling of the dictionary, so that rows meet the streams.
      std::string dashed = NormaliseKeyText(model::KeySpace::kBssid, text);
      if (dashed.size() != 17 || dashed[2] != '-') return std::nullopt;
      return dashed;
    }
  }
  return std::nullopt;
}

std::string Allowed(const ColumnSpec& column) {
  switch (column.type) {
    case CellType::kText:
      return fmt::format("at most {:.0f} characters", column.max);
    case CellType::kInteger:
      return fmt::format("a whole number from {:.0f} to {:.0f}", column.min, column.max);
    case CellType::kNumber:
      return fmt::format("a number from {} to {}", Number(column.min), Number(column.max));
    case CellType::kFlag:
      return "0 or 1";
    case CellType::kAddress:
      return "an IPv4 or IPv6 address";
    case CellType::kHardwareAddress:
      return "a hardware address of 6 bytes, as 00-11-22-33-44-55";
  }
  return "";
}

void BindCell(sqlite::Statement& statement, int parameter, const Cell& cell) {
  if (cell) {
    statement.BindText(parameter, *cell);
  } else {
    statement.BindNull(parameter);
  }
}

std::string Parameters(std::size_t first, std::size_t count) {
  std::string marks;
  for (std::size_t i = 0; i < count; ++i) marks += fmt::format("{}?{}", i ? ", " : "", first + i);
  return marks;
}

}  // namespace

void Problems::Add(std::int64_t line, std::string_view column, std::string_view value,
                   std::string allowed) {
  ++report_.problem_count;
  if (report_.problems.size() >= kImportProblemsMax) return;
  report_.problems.push_back(
      {line, std::string(column), CleanUtf8(value, 100), std::move(allowed)});
}

std::optional<Cell> CheckCell(const ColumnSpec& column, std::string_view text, std::int64_t line,
                              Problems& problems) {
  if (text.empty()) {
    if (!column.required) return column.empty == nullptr ? Cell() : Cell(column.empty);
    problems.Add(line, column.name, text, Allowed(column) + ", not empty");
    return std::nullopt;
  }
  auto value = Checked(column, text);
  if (value) return Cell(*std::move(value));
  problems.Add(line, column.name, text, Allowed(column));
  return std::nullopt;
}

int AddressBits(const std::string& address) {
  return address.find(':') == std::string::npos ? 32 : 128;
}

std::string NetworkAddress(const std::string& text, int prefix_bits) {
  auto address = ParseAddress(text);
  CQD_CHECK(address.has_value());
  for (int bit = prefix_bits; bit < (address->family == AF_INET ? 32 : 128); ++bit) {
    address->bytes[static_cast<std::size_t>(bit / 8)] &=
        static_cast<unsigned char>(~(0x80U >> (bit % 8)));
  }
  return FormatAddress(*address);
}

Result<TableImport> TableImport::Create(sqlite::Database& main, std::string_view table,
                                        std::vector<std::string> columns, std::size_t key_count,
                                        std::string_view stamp, std::string stamp_value) {
  const std::size_t count = columns.size();
  std::string names, keys, same, sets;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string equal = fmt::format("{} IS ?{}", columns[i], i + 1);
    names += (i ? ", " : "") + columns[i];
    if (i < key_count) {
      keys += (i ? " AND " : "") + equal;
    } else {
      same += (same.empty() ? "" : " AND ") + equal;
      sets += fmt::format("{}{} = ?{}", sets.empty() ? "" : ", ", columns[i], i + 1);
    }
  }
  if (same.empty()) same = "1";
  // A file that says nothing of validity means the rows that are always valid.
  if (table == "CqdNetwork" &&
      std::find(columns.begin(), columns.end(), "ValidFrom") == columns.end()) {
    keys += " AND ValidFrom IS NULL";
  }
  std::string marks = Parameters(1, count);
  if (!stamp.empty()) {
    names += fmt::format(", {}", stamp);
    marks += fmt::format(", ?{}", count + 1);
    sets += fmt::format("{}{} = ?{}", sets.empty() ? "" : ", ", stamp, count + 1);
  }
  if (sets.empty()) sets = fmt::format("{0} = {0}", columns[0]);
  CQD_ASSIGN_OR_RETURN(auto find,
                       main.Prepare(fmt::format("SELECT {} FROM {} WHERE {}", same, table, keys)));
  CQD_ASSIGN_OR_RETURN(
      auto insert, main.Prepare(fmt::format("INSERT INTO {}({}) VALUES({})", table, names, marks)));
  CQD_ASSIGN_OR_RETURN(auto update,
                       main.Prepare(fmt::format("UPDATE {} SET {} WHERE {}", table, sets, keys)));
  TableImport import(std::move(find), std::move(insert), std::move(update));
  import.key_count_ = key_count;
  import.counts_.table = table;
  import.stamped_ = !stamp.empty();
  import.stamp_value_ = std::move(stamp_value);
  return import;
}

Status TableImport::Put(const std::vector<Cell>& cells) {
  const auto bind = [&](sqlite::Statement& statement, bool stamped) {
    int parameter = 0;
    for (const Cell& cell : cells) BindCell(statement, ++parameter, cell);
    if (stamped) statement.BindText(++parameter, stamp_value_);
  };
  bind(find_, false);
  CQD_ASSIGN_OR_RETURN(const bool found, find_.Step());
  const bool same = found && find_.Int(0) != 0;
  find_.Reset();
  if (same) {
    ++counts_.unchanged;
    return OkStatus();
  }
  sqlite::Statement& write = found ? update_ : insert_;
  bind(write, stamped_);
  CQD_RETURN_IF_ERROR(write.Run());
  ++(found ? counts_.changed : counts_.added);
  return OkStatus();
}

Status PutOrTell(TableImport& import, const std::vector<Cell>& cells, std::int64_t line,
                 Problems& problems) {
  Status status = import.Put(cells);
  if (status.ok() || status.error().code != ErrorCode::kConflict) return status;
  problems.Add(line, "", "", "a row that the table takes: " + status.error().message);
  return OkStatus();
}

Status ReportOverlaps(sqlite::Database& main, const std::vector<NetworkOverlap>& before,
                      ImportReport& report) {
  CQD_ASSIGN_OR_RETURN(std::vector<NetworkOverlap> now, FindNetworkOverlaps(main));
  const auto key = [](const NetworkOverlap& overlap) {
    return fmt::format("{}/{} {} {}/{} {}", overlap.network, overlap.range, overlap.building,
                       overlap.outer_network, overlap.outer_range, overlap.outer_building);
  };
  std::set<std::string> known;
  for (const NetworkOverlap& overlap : before) known.insert(key(overlap));
  const auto first_known = std::stable_partition(
      now.begin(), now.end(),
      [&](const NetworkOverlap& overlap) { return !known.contains(key(overlap)); });
  report.overlap_count = static_cast<std::int64_t>(now.size());
  report.overlaps_new = first_known - now.begin();
  if (now.size() > kImportProblemsMax) now.resize(kImportProblemsMax);
  report.overlaps = std::move(now);
  return OkStatus();
}

}  // namespace cqd::archive::internal
