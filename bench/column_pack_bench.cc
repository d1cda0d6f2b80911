// Would codes in as few bits as they need be quicker to filter than codes of one or two bytes?
//   column_pack_bench SEGMENTS_FOLDER [runs=21]
// Prints what the columns of the segments take as they are and would take packed, and how long an
// equality filter over all rows takes either way, two threads, several columns one after the other
// so that none stays in the cache. Packed: eight codes of b bits in b bytes, taken apart by PDEP
// (eight of one byte, four of two bytes at a time) into a block that stays in the cache, then
// filtered by the same vector code. x86-64 with BMI2 only.
#include <fmt/format.h>
#include <immintrin.h>

#include <bit>
#include <cstring>
#include <filesystem>
#include <thread>

#include "column/kernels.h"
#include "cube/internal/cube_segment.h"
#include "cube_data.h"

namespace {

using namespace cqd;
using namespace cqd::bench;
namespace fs = std::filesystem;
using column::kBlockRows;

int BitsOf(const column::ColumnView& view) {
  return view.width == 0 ? 0 : std::max(1, static_cast<int>(std::bit_width(view.code_max())));
}

/// The codes of a column in `bits` each; eight bytes more, so that whole words can be read.
std::vector<std::uint8_t> Pack(const column::ColumnView& view, int bits) {
  std::vector<std::uint8_t> packed((view.row_count * static_cast<std::size_t>(bits) + 7) / 8 + 16);
  std::size_t at = 0;
  for (std::size_t row = 0; row < view.row_count; ++row) {
    const std::uint64_t code = view.CodeAt(row);
    for (int bit = 0; bit < bits; ++bit, ++at) {
      packed[at / 8] = static_cast<std::uint8_t>(packed[at / 8] | (code >> bit & 1) << at % 8);
    }
  }
  return packed;
}

std::uint64_t WordAt(const std::uint8_t* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

/// Takes `count` codes apart, rounded up to eight; `first` is a multiple of eight.
__attribute__((target("bmi2"))) void Unpack(const std::uint8_t* packed, int bits, std::size_t first,
                                            std::size_t count, std::uint8_t* codes) {
  const std::uint64_t mask = 0x0101'0101'0101'0101 * ((1U << bits) - 1);
  const std::uint8_t* at = packed + first / 8 * static_cast<std::size_t>(bits);
  for (std::size_t i = 0; i < count; i += 8, at += bits) {
    const std::uint64_t spread = _pdep_u64(WordAt(at), mask);
    std::memcpy(codes + i, &spread, sizeof spread);
  }
}
__attribute__((target("bmi2"))) void Unpack(const std::uint8_t* packed, int bits, std::size_t first,
                                            std::size_t count, std::uint16_t* codes) {
  const std::uint64_t mask = 0x0001'0001'0001'0001 * ((std::uint64_t{1} << bits) - 1);
  const std::uint8_t* at = packed + first / 8 * static_cast<std::size_t>(bits);
  const int half = 4 * bits;
  for (std::size_t i = 0; i < count; i += 8, at += bits) {
    const std::uint64_t low = _pdep_u64(WordAt(at), mask);
    const std::uint64_t high = _pdep_u64(WordAt(at + half / 8) >> half % 8, mask);
    std::memcpy(codes + i, &low, sizeof low);
    std::memcpy(codes + i + 4, &high, sizeof high);
  }
}

struct Stored {
  const column::ColumnView* view;
  int bits;
  std::vector<std::uint8_t> packed;
  column::CodeSet wanted;
};

template <typename T>
std::size_t CountWanted(const Stored& stored, bool packed) {
  std::vector<column::Mask> mask(kBlockRows);
  std::vector<T> scratch(kBlockRows);
  std::size_t wanted = 0;
  for (std::size_t first = 0; first < stored.view->row_count; first += kBlockRows) {
    const std::size_t count = std::min(kBlockRows, stored.view->row_count - first);
    std::fill_n(mask.data(), count, column::Mask{1});
    const T* codes = reinterpret_cast<const T*>(stored.view->codes) + first;
    if (packed) {
      Unpack(stored.packed.data(), stored.bits, first, count, scratch.data());
      codes = scratch.data();
    }
    column::AndSet(codes, count, stored.wanted, mask.data());
    wanted += mask[0] + mask[count - 1];
  }
  return wanted;
}

/// Milliseconds to filter all columns of `stored`.
double Filter(const std::vector<Stored>& stored, bool packed, std::size_t& wanted) {
  const auto start = std::chrono::steady_clock::now();
  std::array<std::size_t, 2> found{};
  const auto work = [&](std::size_t thread) {
    for (std::size_t i = thread; i < stored.size(); i += 2) {
      found[thread] += stored[i].view->width == 1 ? CountWanted<std::uint8_t>(stored[i], packed)
                                                  : CountWanted<std::uint16_t>(stored[i], packed);
    }
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  wanted = found[0] + found[1];
  return Seconds(start) * 1e3;
}

using Segments = std::vector<std::shared_ptr<const cube::CubeSegment>>;

void PrintSizes(const Segments& segments) {
  std::size_t rows = 0, bytes = 0, bits = 0, whole = 0;
  for (const auto& segment : segments) {
    rows += segment->row_count();
    for (const model::CubeColumn column : cube::StoredColumns()) {
      const column::ColumnView& view = segment->Column(column);
      bytes += view.row_count * static_cast<std::size_t>(view.width);
      bits += view.row_count * static_cast<std::size_t>(BitsOf(view));
      if (view.width != 0 && BitsOf(view) == 8 * view.width) whole += view.row_count;
    }
  }
  const auto by_row = [rows](std::size_t n) {
    return static_cast<double>(n) / static_cast<double>(rows);
  };
  fmt::print(
      "{} rows; codes {:.1f} bytes a row, packed {:.1f}; {:.1f} columns need all their bits\n",
      rows, by_row(bytes), by_row(bits) / 8, by_row(whole));
}

void Compare(const Segments& segments, const std::vector<model::CubeColumn>& columns, int runs) {
  std::vector<Stored> stored;
  std::size_t rows = 0, bits = 0;
  for (const model::CubeColumn column : columns) {
    for (const auto& segment : segments) {
      const column::ColumnView& view = segment->Column(column);
      if (view.width != 1 && view.width != 2) continue;
      Stored one{&view, BitsOf(view), Pack(view, BitsOf(view)), {}};
      one.wanted.kind = column::CodeSet::Kind::kIntervals;
      one.wanted.intervals = {{view.code_max() / 2, view.code_max() / 2}};
      rows += view.row_count;
      bits += view.row_count * static_cast<std::size_t>(one.bits);
      stored.push_back(std::move(one));
    }
  }
  std::vector<double> plain, packed;
  std::size_t in_plain = 0, in_packed = 0;
  for (int run = 0; run < runs; ++run) {
    plain.push_back(Filter(stored, false, in_plain));
    packed.push_back(Filter(stored, true, in_packed));
  }
  if (in_plain != in_packed) Stop(Fail(ErrorCode::kInternal, "the two do not agree"));
  std::sort(plain.begin(), plain.end());
  std::sort(packed.begin(), packed.end());
  const auto middle = static_cast<std::size_t>(runs / 2);
  fmt::print(
      "{} values, {:.1f} bits each: as they are {:.2f} ms (least {:.2f}), packed {:.2f} ms "
      "(least {:.2f})\n",
      rows, static_cast<double>(bits) / static_cast<double>(rows), plain[middle], plain[0],
      packed[middle], packed[0]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "column_pack_bench SEGMENTS_FOLDER [runs]\n");
    return 2;
  }
  Segments segments;
  for (const auto& entry : fs::directory_iterator(argv[1])) {
    if (entry.path().extension() != ".seg") continue;
    segments.push_back(OrStop(cube::CubeSegment::OpenFile(entry.path().string())));
  }
  if (segments.empty()) Stop(Fail(ErrorCode::kNotFound, "no segment in that folder"));
  PrintSizes(segments);
  const int runs = argc > 2 ? std::atoi(argv[2]) : 21;
  // What filters and groupings of reports read: scenarios, links, then subnets and agents.
  std::vector<model::CubeColumn> narrow, wide;
  for (const model::CubeColumn column : cube::StoredColumns()) {
    const int width = segments[0]->Column(column).width, bits = BitsOf(segments[0]->Column(column));
    if (width == 1 && bits < 7 && narrow.size() < 6) narrow.push_back(column);
    if (width == 2 && bits < 16 && wide.size() < 4) wide.push_back(column);
  }
  Compare(segments, narrow, runs);
  Compare(segments, wide, runs);
  return 0;
}
