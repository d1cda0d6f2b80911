#include "sqlite/frozen_table.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/check.h"

namespace cqd::sqlite {
namespace {

constexpr std::size_t kHeadBytes = 100;
constexpr std::uint8_t kInteriorPage = 0x05;
constexpr std::uint8_t kLeafPage = 0x0d;
/// Deeper than any tree of 2^32 pages.
constexpr int kDepthMax = 32;
/// Values are loaded eight bytes at a time, whatever their width.
constexpr std::size_t kLoadBytes = 8;
static_assert(std::endian::native == std::endian::little, "values are stored big endian");

std::uint64_t LoadBigEndian(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap64(value);
}
std::uint32_t BigEndian16(const std::uint8_t* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 8 | bytes[1];
}
std::uint32_t BigEndian32(const std::uint8_t* bytes) {
  return BigEndian16(bytes) << 16 | BigEndian16(bytes + 2);
}

/// Bytes still to be read; a reader that would leave them fails instead.
struct Bytes {
  const std::uint8_t* at;
  const std::uint8_t* end;

  std::size_t size() const { return static_cast<std::size_t>(end - at); }
  /// sqlite.org/fileformat2.html 1.6 "variable-length integer".
  bool Varint(std::uint64_t& value) {
    value = 0;
    for (int i = 0; i < 9; ++i) {
      if (at == end) return false;
      const std::uint8_t byte = *at++;
      if (i == 8) {
        value = value << 8 | byte;
        return true;
      }
      value = value << 7 | (byte & 0x7f);
      if (byte < 0x80) return true;
    }
    return false;
  }
};

/// What a serial type says of a value (sqlite.org/fileformat2.html 2.1).
struct SerialType {
  std::uint8_t bytes;     // in the body
  std::uint8_t shift;     // of the eight bytes loaded
  std::uint64_t keep;     // zero: the value is not in the body
  std::int64_t constant;  // then
};
constexpr std::uint64_t kAll = ~std::uint64_t{0};
constexpr std::uint8_t kReal = 7;
constexpr std::array<SerialType, 10> kSerialTypes = {{
    {0, 0, 0, FrozenTable::kNull},
    {1, 56, kAll, 0},
    {2, 48, kAll, 0},
    {3, 40, kAll, 0},
    {4, 32, kAll, 0},
    {6, 16, kAll, 0},
    {8, 0, kAll, 0},
    {0, 0, 0, 0},  // kReal: refused before
    {0, 0, 0, 0},
    {0, 0, 0, 1},
}};

/// The values of a record; those it has not are null. False when it holds something else than
/// integers and nulls. kLoadBytes after the record can be read.
bool Decode(Bytes record, std::span<std::int64_t> values) {
  const std::uint8_t* const start = record.at;
  std::uint64_t head_bytes = 0;
  if (!record.Varint(head_bytes)) return false;
  const auto taken = static_cast<std::size_t>(record.at - start);
  if (head_bytes < taken || head_bytes > taken + record.size()) return false;
  const std::uint8_t* const types = record.at;
  const std::size_t count = static_cast<std::size_t>(head_bytes) - taken;
  // A type of more than one byte is a text or blob: no integer, so one byte is one column.
  if (count > values.size()) return false;
  const std::uint8_t* body = start + head_bytes;
  std::size_t column = 0;
  while (column < count) {
    std::uint64_t eight = 0;
    if (count - column >= sizeof eight) std::memcpy(&eight, types + column, sizeof eight);
    if (eight == 0 && count - column >= sizeof eight) {
      std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(column), sizeof eight,
                  FrozenTable::kNull);
      column += sizeof eight;
      continue;
    }
    const std::size_t end = std::min(count, column + sizeof eight);
    for (; column < end; ++column) {
      const std::uint8_t type = types[column];
      if (type >= kSerialTypes.size() || type == kReal || body > record.end) return false;
      const SerialType& how = kSerialTypes[type];
      const auto stored = static_cast<std::int64_t>(LoadBigEndian(body)) >> how.shift;
      values[column] =
          static_cast<std::int64_t>(static_cast<std::uint64_t>(stored) & how.keep) | how.constant;
      body += how.bytes;
    }
  }
  std::fill(values.begin() + static_cast<std::ptrdiff_t>(count), values.end(), FrozenTable::kNull);
  return body <= record.end;
}

/// A page in memory, with room behind it for loads.
class Page {
 public:
  bool Load(sqlite3_file* file, std::uint32_t number, std::uint32_t bytes, std::uint32_t usable) {
    bytes_.resize(bytes + kLoadBytes);
    usable_ = usable;
    const auto offset = static_cast<sqlite3_int64>(number - 1) * bytes;
    return file->pMethods->xRead(file, bytes_.data(), static_cast<int>(bytes), offset) ==
               SQLITE_OK &&
           (is_leaf() || bytes_[0] == kInteriorPage) &&
           head_bytes() + std::size_t{2} * cell_count() <= usable_;
  }
  bool is_leaf() const { return bytes_[0] == kLeafPage; }
  std::size_t cell_count() const { return BigEndian16(&bytes_[3]); }
  /// Precondition: not a leaf.
  std::uint32_t right_child() const { return BigEndian32(&bytes_[8]); }
  /// The cell and all after it; empty when it would lie outside.
  Bytes Cell(std::size_t i) const {
    const std::size_t offset = BigEndian16(&bytes_[head_bytes() + 2 * i]);
    const std::uint8_t* const end = bytes_.data() + usable_;
    return {offset < usable_ ? bytes_.data() + offset : end, end};
  }

 private:
  std::size_t head_bytes() const { return is_leaf() ? 8 : 12; }
  std::vector<std::uint8_t> bytes_;
  std::size_t usable_ = 0;
};

/// What became of a leaf.
enum class Leaf {
  kGiven,   // all its rows in the range
  kBeyond,  // they, and a row behind the range
  kOdd,     // the rows before one that is left to SQLite
};

/// The rows of a range on their way to the sink, leaf by leaf.
struct RowRange {
  const std::int64_t after, up_to;
  const std::size_t usable_bytes;  // of a page
  const std::optional<std::size_t> row_id_column;
  const FrozenTable::Sink& sink;
  std::vector<std::int64_t> values;
  std::int64_t done;  // the id of the last row given

  Result<Leaf> Give(const Page& page) {
    for (std::size_t i = 0; i < page.cell_count(); ++i) {
      Bytes cell = page.Cell(i);
      std::uint64_t bytes = 0, key = 0;
      if (!cell.Varint(bytes) || !cell.Varint(key)) return Leaf::kOdd;
      const auto row_id = static_cast<std::int64_t>(key);
      if (row_id <= after) continue;
      if (row_id > up_to) return Leaf::kBeyond;
      // The most that stays within a leaf (sqlite.org/fileformat2.html 1.6).
      if (bytes > usable_bytes - 35 || bytes > cell.size() || row_id <= done) return Leaf::kOdd;
      if (!Decode({cell.at, cell.at + bytes}, values)) return Leaf::kOdd;
      if (row_id_column && values[*row_id_column] == FrozenTable::kNull) {
        values[*row_id_column] = row_id;
      }
      CQD_RETURN_IF_ERROR(sink(row_id, values));
      done = row_id;
    }
    return Leaf::kGiven;
  }
};

}  // namespace

bool FrozenTable::ReadHead() {
  std::array<std::uint8_t, kHeadBytes> head{};
  if (file_->pMethods->xRead(file_, head.data(), kHeadBytes, 0) != SQLITE_OK) return false;
  const std::uint32_t size = BigEndian16(&head[16]);
  page_bytes_ = size == 1 ? 65'536 : size;
  // The least that a page must have for its cells (sqlite.org/fileformat2.html 1.3.4).
  if (page_bytes_ < 512 || page_bytes_ < head[20] + 480U) return false;
  usable_bytes_ = page_bytes_ - head[20];
  sqlite3_int64 file_bytes = 0;
  if (file_->pMethods->xFileSize(file_, &file_bytes) != SQLITE_OK) return false;
  const auto pages = static_cast<std::uint64_t>(file_bytes) / page_bytes_;
  page_count_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(pages, UINT32_MAX));
  return root_ > 1 && root_ <= page_count_;
}

Result<std::optional<FrozenTable>> FrozenTable::Open(Database& database, std::string_view table) {
  CQD_CHECK(database.in_transaction());
  FrozenTable frozen;
  // The first statement of the transaction: from here on its state is fixed.
  CQD_ASSIGN_OR_RETURN(
      Statement root,
      database.Prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?"));
  root.BindText(1, table);
  CQD_ASSIGN_OR_RETURN(const bool known, root.Step());
  if (!known || root.Int(0) < 2 || root.Int(0) > UINT32_MAX) return std::optional<FrozenTable>();
  frozen.root_ = static_cast<std::uint32_t>(root.Int(0));

  CQD_ASSIGN_OR_RETURN(
      Statement info,
      database.Prepare("SELECT name, type = 'INTEGER' COLLATE NOCASE, pk, dflt_value IS NOT NULL, "
                       "hidden FROM pragma_table_xinfo(?)"));
  info.BindText(1, table);
  int keys = 0;
  for (;;) {
    CQD_ASSIGN_OR_RETURN(const bool row, info.Step());
    if (!row) break;
    // A default stands for what old rows lack; a generated column may not be stored at all.
    if (info.Int(3) != 0 || info.Int(4) != 0) return std::optional<FrozenTable>();
    if (info.Int(2) != 0) ++keys;
    if (info.Int(2) != 0 && info.Int(1) != 0) frozen.row_id_column_ = frozen.columns_.size();
    frozen.columns_.emplace_back(info.Text(0));
  }
  if (keys != 1) frozen.row_id_column_.reset();

  sqlite3_file* log = nullptr;
  sqlite3* const db = database.handle();
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log)) !=
          SQLITE_OK ||
      sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER,
                           static_cast<void*>(&frozen.file_)) != SQLITE_OK ||
      log == nullptr || log->pMethods == nullptr || frozen.file_ == nullptr ||
      frozen.file_->pMethods == nullptr) {
    return std::optional<FrozenTable>();
  }
  // Asked after the transaction began: a log that is empty now was empty or wholly copied then, and
  // a log that grows from now on is not copied while the transaction lasts.
  sqlite3_int64 log_bytes = 0;
  if (log->pMethods->xFileSize(log, &log_bytes) != SQLITE_OK || log_bytes != 0 ||
      !frozen.ReadHead()) {
    return std::optional<FrozenTable>();
  }
  return std::optional<FrozenTable>(std::move(frozen));
}

Result<std::int64_t> FrozenTable::Read(std::int64_t after, std::int64_t up_to, const Sink& sink) {
  if (after >= up_to) return up_to;
  /// From the root down to the page that is read: a page and its next child.
  struct Level {
    Page page;
    std::size_t cell = 0;
  };
  std::vector<Level> way(1);
  std::size_t depth = 1;
  RowRange rows{after,          up_to, usable_bytes_,
                row_id_column_, sink,  std::vector<std::int64_t>(columns_.size()),
                after};
  // In a tree that is damaged pages may be met again and again.
  std::uint32_t pages_left = page_count_;
  if (!way[0].page.Load(file_, root_, page_bytes_, usable_bytes_)) return rows.done;
  while (depth > 0) {
    Level& level = way[depth - 1];
    const Page& page = level.page;
    if (page.is_leaf()) {
      CQD_ASSIGN_OR_RETURN(const Leaf leaf, rows.Give(page));
      if (leaf == Leaf::kBeyond) return up_to;
      if (leaf == Leaf::kOdd) return rows.done;
      --depth;
      continue;
    }
    // Children before a cell have ids up to its key; the right one has the rest.
    if (level.cell > page.cell_count()) {
      --depth;
      continue;
    }
    std::uint32_t child = page.right_child();
    if (level.cell < page.cell_count()) {
      Bytes cell = page.Cell(level.cell);
      std::uint64_t key = 0;
      if (cell.size() < 4) return rows.done;
      child = BigEndian32(cell.at);
      cell.at += 4;
      if (!cell.Varint(key)) return rows.done;
      ++level.cell;
      if (static_cast<std::int64_t>(key) <= after) continue;
    } else {
      ++level.cell;
    }
    if (child < 2 || child > page_count_ || pages_left == 0 || depth == kDepthMax) return rows.done;
    --pages_left;
    if (way.size() == depth) way.emplace_back();
    way[depth].cell = 0;
    if (!way[depth].page.Load(file_, child, page_bytes_, usable_bytes_)) return rows.done;
    ++depth;
  }
  return up_to;
}

}  // namespace cqd::sqlite
