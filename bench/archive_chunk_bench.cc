// Would sealed months be better off as compressed column chunks? A trial beside the archive.
//   archive_chunk_bench FOLDER [rows=2000000]
// FOLDER/archive holds a real archive; its newest month is read (never written) and its rows are
// put into FOLDER/chunks.sqlite: a chunk is 8,192 rows, each column by itself in the fewest bytes a
// value, then zstd -1. Prints sizes and processor seconds of one thread: reading for the cube, and
// making the cube's segments, from rows and from chunks. See docs/decisions/0007-archive-rows.md.
#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <numeric>

#include "cube/cube.h"
#include "cube/internal/cube_segment.h"
#include "cube_data.h"
#include "sqlite/database.h"

namespace {

using namespace cqd;
using namespace cqd::bench;

constexpr std::size_t kChunkRows = 8'192;

double ThreadSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void Print(const char* what, std::int64_t rows, double seconds) {
  fmt::print("{:58} {:7.2f} s, {:8.0f} k rows/s\n", what, seconds,
             static_cast<double>(rows) / seconds / 1e3);
}

/// Width in bytes (0: one value), base, compressed bytes.
void Encode(std::span<const model::Value> values, std::string& out) {
  model::Value least = std::numeric_limits<model::Value>::max(), most = model::kNull;
  bool has_null = false;
  for (const model::Value value : values) {
    if (value == model::kNull) {
      has_null = true;
      continue;
    }
    least = std::min(least, value);
    most = std::max(most, value);
  }
  const bool all_null = most == model::kNull;
  const std::uint64_t range =
      all_null ? 0 : static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least) + 1;
  const int width = all_null || (!has_null && range == 1) ? 0
                    : range < 256                         ? 1
                    : range < 65'536                      ? 2
                    : range < (std::uint64_t{1} << 32)    ? 4
                                                          : 8;
  std::string raw(values.size() * static_cast<std::size_t>(width), '\0');
  for (std::size_t i = 0; i < values.size() && width != 0; ++i) {
    const std::uint64_t code =
        values[i] == model::kNull
            ? 0
            : static_cast<std::uint64_t>(values[i]) - static_cast<std::uint64_t>(least) + 1;
    std::memcpy(raw.data() + i * static_cast<std::size_t>(width), &code,
                static_cast<std::size_t>(width));
  }
  std::string packed(ZSTD_compressBound(raw.size()), '\0');
  const std::size_t size =
      raw.empty() ? 0 : ZSTD_compress(packed.data(), packed.size(), raw.data(), raw.size(), 1);
  const model::Value base = all_null ? model::kNull : least;
  const auto length = static_cast<std::uint32_t>(size);
  out.push_back(static_cast<char>(width));
  out.append(reinterpret_cast<const char*>(&base), sizeof base);
  out.append(reinterpret_cast<const char*>(&length), sizeof length);
  out.append(packed.data(), size);
}

/// Reads one column at `at`, or goes past it.
std::size_t Decode(std::string_view bytes, std::size_t at, bool wanted, std::size_t rows,
                   std::string& raw, std::vector<model::Value>& out) {
  const int width = bytes[at];
  model::Value base = 0;
  std::uint32_t length = 0;
  std::memcpy(&base, bytes.data() + at + 1, sizeof base);
  std::memcpy(&length, bytes.data() + at + 9, sizeof length);
  const std::size_t next = at + 13 + length;
  if (!wanted) return next;
  out.assign(rows, base);
  if (width == 0) return next;
  raw.resize(rows * static_cast<std::size_t>(width));
  ZSTD_decompress(raw.data(), raw.size(), bytes.data() + at + 13, length);
  const auto widen = [&]<typename T>(T) {
    const auto* codes = reinterpret_cast<const T*>(raw.data());
    for (std::size_t i = 0; i < rows; ++i) {
      out[i] = codes[i] == 0
                   ? model::kNull
                   : static_cast<model::Value>(static_cast<std::uint64_t>(base) + codes[i] - 1);
    }
  };
  if (width == 1) widen(std::uint8_t{});
  if (width == 2) widen(std::uint16_t{});
  if (width == 4) widen(std::uint32_t{});
  if (width == 8) widen(std::uint64_t{});
  return next;
}

/// The rows as columns: the five parts of the key, then the fields.
std::vector<std::vector<model::Value>> ColumnsOf(const archive::ColumnBatch& batch) {
  std::vector<std::vector<model::Value>> columns(5);
  for (const model::StreamKey& key : batch.keys) {
    columns[0].push_back(static_cast<model::Value>(key.source.value));
    columns[1].push_back(ToMicros(key.session_time));
    columns[2].push_back(key.session_seq);
    columns[3].push_back(key.media_label);
    columns[4].push_back(key.stream_id);
  }
  columns.insert(columns.end(), batch.values.begin(), batch.values.end());
  return columns;
}

struct Source {
  archive::Archive& archive;
  archive::MonthInfo month;
  archive::RowId up_to;
};

std::int64_t WriteChunks(const Source& source, sqlite::Database& chunks) {
  std::vector<model::Field> fields;
  for (const model::FieldInfo& info : model::AllFields()) fields.push_back(info.field);
  OrStop(chunks.Execute("CREATE TABLE chunk(first INTEGER PRIMARY KEY, rows, data BLOB)"));
  sqlite::Transaction transaction = OrStop(sqlite::Transaction::Begin(chunks));
  auto insert = OrStop(chunks.Prepare("INSERT INTO chunk VALUES(?, ?, ?)"));
  double seconds = 0;
  std::int64_t rows = 0;
  OrStop(source.archive.Scan(
      source.month.month, {}, source.up_to, fields, CancelToken(),
      [&](archive::ColumnBatch&& batch) {
        const double begin = ThreadSeconds();
        const auto columns = ColumnsOf(batch);
        for (std::size_t first = 0; first < batch.row_count(); first += kChunkRows) {
          const std::size_t count = std::min(kChunkRows, batch.row_count() - first);
          std::string data;
          for (const auto& column : columns) Encode(std::span(column).subspan(first, count), data);
          insert.BindInt(1, batch.row_ids[first].value);
          insert.BindInt(2, static_cast<std::int64_t>(count));
          insert.BindBlob(3, data);
          OrStop(insert.Run());
          rows += static_cast<std::int64_t>(count);
        }
        seconds += ThreadSeconds() - begin;
        return OkStatus();
      }));
  OrStop(transaction.Commit());
  Print("chunks written (packed, compressed, stored)", rows, seconds);
  return rows;
}

/// Calls sink(count, columns) for each chunk with the wanted columns.
template <typename Sink>
void ReadChunks(sqlite::Database& chunks, const std::vector<bool>& wanted, Sink&& sink) {
  auto select = OrStop(chunks.Prepare("SELECT rows, data FROM chunk ORDER BY first"));
  std::vector<std::vector<model::Value>> columns(wanted.size());
  std::string raw;
  while (OrStop(select.Step())) {
    const auto count = static_cast<std::size_t>(select.Int(0));
    const std::string_view data = select.Blob(1);
    std::size_t at = 0;
    for (std::size_t c = 0; c < wanted.size(); ++c) {
      at = Decode(data, at, wanted[c], count, raw, columns[c]);
    }
    sink(count, columns);
  }
}

/// Builds segments and counts their bytes.
class Builder {
 public:
  Builder(const model::Mapping& mapping, const TimeZone& zone) : mapping_(mapping), zone_(zone) {}
  void Add(const model::StreamRow& row) {
    if (!builder_) builder_.emplace(mapping_, zone_);
    builder_->Add(row, archive::RowId(++last_));
    if (builder_->row_count() == cube::kSegmentRows) Finish();
  }
  void Finish() {
    if (!builder_) return;
    bytes_ += std::move(*builder_).Finish({archive::RowId(0), archive::RowId(last_)}).size();
    builder_.reset();
  }
  std::size_t bytes() const { return bytes_; }

 private:
  const model::Mapping& mapping_;
  const TimeZone& zone_;
  std::optional<cube::SegmentBuilder> builder_;
  std::int64_t last_ = 0;
  std::size_t bytes_ = 0;
};

void Compare(const Source& source, sqlite::Database& chunks, const model::Mapping& mapping,
             std::int64_t rows) {
  const TimeZone zone;
  const auto& fields = cube::FieldsToRead();
  double begin = ThreadSeconds();
  std::int64_t sum = 0;
  OrStop(source.archive.Scan(source.month.month, {}, source.up_to, fields, CancelToken(),
                             [&](archive::ColumnBatch&& batch) {
                               sum += batch.values.front().front();
                               return OkStatus();
                             }));
  Print("read for the cube, from rows", rows, ThreadSeconds() - begin);

  std::vector<bool> wanted(5 + model::AllFields().size(), false);
  for (const model::Field field : fields) wanted[5 + static_cast<std::size_t>(field)] = true;
  begin = ThreadSeconds();
  ReadChunks(chunks, wanted, [&](std::size_t, const auto& columns) {
    sum += columns[5 + static_cast<std::size_t>(fields.front())].front();
  });
  Print("read for the cube, from chunks", rows, ThreadSeconds() - begin);

  begin = ThreadSeconds();
  std::size_t bytes = 0;
  for (std::int64_t after = 0; after < source.up_to.value; after += cube::kSegmentRows) {
    const archive::RowId up_to(std::min(after + cube::kSegmentRows, source.up_to.value));
    bytes += OrStop(cube::BuildRange(source.archive, source.month.month,
                                     {archive::RowId(after), up_to}, mapping, zone, CancelToken(),
                                     [](std::int64_t) { return OkStatus(); }))
                 .size();
  }
  Print("segments of the cube, from rows (reading included)", rows, ThreadSeconds() - begin);

  for (std::size_t c = 0; c < 5; ++c) wanted[c] = true;
  begin = ThreadSeconds();
  Builder builder(mapping, zone);
  model::StreamRow row;
  ReadChunks(chunks, wanted, [&](std::size_t count, const auto& columns) {
    for (std::size_t i = 0; i < count; ++i) {
      row.key = {model::SourceId(static_cast<decltype(row.key.source.value)>(columns[0][i])),
                 FromMicros(columns[1][i]), columns[2][i], static_cast<std::int32_t>(columns[3][i]),
                 columns[4][i]};
      for (const model::Field field : fields) {
        row.Set(field, columns[5 + static_cast<std::size_t>(field)][i]);
      }
      builder.Add(row);
    }
  });
  builder.Finish();
  Print("segments of the cube, from chunks (reading included)", rows, ThreadSeconds() - begin);
  fmt::print("segments: {} and {} bytes; {}\n", bytes, builder.bytes(), sum == 0 ? "" : "read");
}

void Run(const std::string& folder, std::int64_t rows_max) {
  const SystemClock clock;
  auto archive = OrStop(archive::Archive::Open({.folder = folder + "/archive"}, clock));
  const auto months = OrStop(archive->Months());
  const archive::MonthInfo month = months.back();
  const archive::RowId up_to(std::min(month.last_row_id.value, rows_max));
  const Source source{*archive, month, up_to};
  const std::string path = folder + "/chunks.sqlite";
  std::filesystem::remove(path);
  auto chunks = OrStop(sqlite::Database::Open(path));
  const std::int64_t rows = WriteChunks(source, chunks);
  const auto file = std::filesystem::file_size(
      fmt::format("{}/archive/streams-{}.sqlite", folder, month.month.ToString()));
  fmt::print("rows: {}; bytes a row: {:.1f} as rows (whole file), {:.1f} as chunks\n", rows,
             static_cast<double>(file) / static_cast<double>(month.row_count),
             static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(rows));
  const auto in_force = OrStop(archive->mapping().TakeUp(clock.Now()));
  const auto mapping = cube::MakeMapping(*archive, in_force, TimeZone());
  Compare(source, chunks, *mapping, rows);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "archive_chunk_bench FOLDER [rows]\n");
    return 2;
  }
  Run(argv[1], argc > 2 ? std::atoll(argv[2]) : 2'000'000);
  return 0;
}
