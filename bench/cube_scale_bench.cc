// The cube at any size, without an archive behind it, and the same rows for other engines.
//   cube_scale_bench make FOLDER STREAMS [EXPORT_FOLDER]   segments straight from the generator
//   cube_scale_bench measure FOLDER [runs=41] [threads=2] [ANSWERS]  Q1 to Q8: median, least, rows,
//                                                                   digest; lines below ANSWERS
// With EXPORT_FOLDER the columns that Q1 to Q8 need are written too: rows.tsv (numbers only) and
// one file of captions an attribute, which bench/peers loads. The digest is that of the answer's
// lines of captions and cells, in order of the text: bench/peers makes the same from its answers.
// Of a query for the first rows by a measure it is that of the measure's cells: several members may
// have the last of them. Each query is measured without rollups, then ("Q1+") with them.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <future>
#include <map>
#include <unordered_map>

#include "cube/cube.h"
#include "cube/internal/columnar_snapshot.h"
#include "cube_queries.h"
#include "file/io.h"

namespace {

using namespace cqd;
using namespace cqd::bench;
namespace fs = std::filesystem;

constexpr int kMonths = 7;

/// Members of one attribute, numbered as they appear.
class MemberNumbers {
 public:
  MemberNumbers(std::string name, const char* data_model_name)
      : name_(std::move(name)), attribute_(*model::FindAttribute(data_model_name)) {}
  int NumberOf(const model::DerivedRow& row, const model::Mapping& mapping) {
    const auto value = [&row](model::CubeColumn column) {
      return row[static_cast<std::size_t>(column)];
    };
    const model::Value a = value(attribute_.inputs[0]);
    const model::Value b = attribute_.input_count == 2 ? value(attribute_.inputs[1]) : 0;
    const auto [at, added] = by_values_.try_emplace({a, b}, 0);
    if (added) {
      const model::Member member = attribute_.member(a, b, mapping);
      const auto next = static_cast<int>(captions_.size());
      const auto [known, is_new] = by_key_.try_emplace(member.key, next);
      if (is_new) captions_.push_back(member.caption);
      at->second = known->second;
    }
    return at->second;
  }
  void Write(const std::string& folder) const {
    std::string text;
    for (std::size_t i = 0; i < captions_.size(); ++i) {
      text += fmt::format("{}\t{}\n", i, captions_[i]);
    }
    OrStop(file::WriteDurably(fmt::format("{}/{}.tsv", folder, name_), text));
  }

 private:
  std::string name_;
  const model::Attribute& attribute_;
  std::map<std::pair<model::Value, model::Value>, int> by_values_;
  std::unordered_map<std::string, int> by_key_;
  std::vector<std::string> captions_;
};

/// rows.tsv: month (1..), day since 1970, class (0 good, 1 poor, 2 unclassified, 3 no audio),
/// members of the attributes, five metrics (empty: does not count).
class Export {
 public:
  explicit Export(std::string folder) : folder_(std::move(folder)) {
    fs::create_directories(folder_);
    file_ = std::fopen((folder_ + "/rows.tsv").c_str(), "w");
    if (file_ == nullptr) Stop(Fail(ErrorCode::kUnavailable, folder_));
    const std::pair<const char*, const char*> attributes[] = {
        {"first_link", "[First Network Connection Type].[Network Connection Detail]"},
        {"second_is_server", "[Second Is Server].[Agent]"},
        {"first_country", "[First Building].[Country]"},
        {"first_building", "[First Building].[Building Name]"},
        {"second_building", "[Second Building].[Building Name]"},
        {"first_inside", "[First Inside].[Inside]"},
        {"second_subnet", "[Second Subnet].[Subnet]"},
        {"first_agent", "[First User Agent].[User Agent]"},
        {"codec", "[Codec].[Payload Description]"}};
    for (const auto& [name, attribute] : attributes) members_.emplace_back(name, attribute);
    for (const char* name :
         {"[Measures].[Audio Good Streams Count]", "[Measures].[Audio Poor Streams Count]",
          "[Measures].[Audio UnClassified Streams Count]"}) {
      classes_.push_back(model::FindMeasure(name)->test);
    }
    for (const char* name : {"[Measures].[Avg Jitter]", "[Measures].[Avg Packet Loss Rate]",
                             "[Measures].[Avg Round Trip]", "[Measures].[Avg Audio Degradation]",
                             "[Measures].[Avg Overall Avg Network MOS]"}) {
      averages_.push_back(model::FindMeasure(name));
    }
  }
  ~Export() {
    for (const MemberNumbers& members : members_) members.Write(folder_);
    std::fclose(file_);
  }
  Export(const Export&) = delete;
  Export& operator=(const Export&) = delete;

  void Add(const model::StreamRow& stream, int month, const model::Mapping& mapping,
           const TimeZone& zone) {
    model::Derive(stream, mapping, zone, row_);
    const model::Value facts = At(model::CubeColumn::kFacts);
    std::size_t stream_class = 0;
    while (stream_class < classes_.size() && !Passes(classes_[stream_class], facts)) ++stream_class;
    line_.clear();
    fmt::format_to(std::back_inserter(line_), "{}\t{}\t{}", month, At(model::CubeColumn::kStartDay),
                   stream_class);
    for (MemberNumbers& members : members_) {
      fmt::format_to(std::back_inserter(line_), "\t{}", members.NumberOf(row_, mapping));
    }
    for (const model::Measure* measure : averages_) {
      const model::Value value = At(measure->metric);
      line_.push_back('\t');
      if (value == model::kNull || !Passes(measure->test, facts)) {
        line_.append(std::string_view("\\N"));
      } else {
        fmt::format_to(std::back_inserter(line_), "{}", value);
      }
    }
    line_.push_back('\n');
    std::fwrite(line_.data(), 1, line_.size(), file_);
  }

 private:
  model::Value At(model::CubeColumn column) const { return row_[static_cast<std::size_t>(column)]; }
  static bool Passes(const model::FactTest& test, model::Value facts) {
    return test(static_cast<model::Facts>(facts));
  }

  std::string folder_;
  std::FILE* file_ = nullptr;
  std::vector<MemberNumbers> members_;
  std::vector<model::FactTest> classes_;
  std::vector<const model::Measure*> averages_;
  model::DerivedRow row_;
  fmt::memory_buffer line_;
};

/// Cuts the rows of months into segments and writes them, one behind the generator.
class SegmentFiles {
 public:
  SegmentFiles(std::string folder, const model::Mapping& mapping, const TimeZone& zone)
      : folder_(std::move(folder)), mapping_(mapping), zone_(zone) {
    fs::create_directories(folder_);
  }
  void Add(const model::StreamRow& row, int month) {
    if (builder_ && (month != month_ || last_ - after_ == cube::kSegmentRows)) Flush();
    if (month != month_) after_ = last_ = 0;
    month_ = month;
    if (!builder_) builder_.emplace(mapping_, zone_);
    builder_->Add(row, archive::RowId(++last_));
  }
  void Finish() {
    Flush();
    if (written_.valid()) written_.get();
  }

 private:
  void Flush() {
    if (!builder_) return;
    if (written_.valid()) written_.get();
    const cube::RowRange range{archive::RowId(after_), archive::RowId(last_)};
    written_ = std::async(std::launch::async,
                          [builder = std::move(*builder_), range,
                           path = fmt::format("{}/{:05}.seg", folder_, files_++)]() mutable {
                            const std::vector<std::byte> bytes = std::move(builder).Finish(range);
                            OrStop(file::WriteDurably(path, bytes));
                          });
    builder_.reset();
    after_ = last_;
  }

  std::string folder_;
  const model::Mapping& mapping_;
  const TimeZone& zone_;
  std::optional<cube::SegmentBuilder> builder_;
  std::future<void> written_;
  int month_ = 0, files_ = 0;
  std::int64_t after_ = 0, last_ = 0;
};

/// The customer tables and the keys, and nothing else.
struct Base {
  SystemClock clock;
  std::unique_ptr<archive::Archive> archive;
  model::SourceId source;
  Keys keys;
  TimeZone zone;
  std::shared_ptr<const model::Mapping> mapping;
};

std::unique_ptr<Base> OpenBase(const std::string& folder) {
  auto base = std::make_unique<Base>();
  const bool is_new = !fs::exists(folder + "/archive");
  base->archive = OrStop(archive::Archive::Open({.folder = folder + "/archive"}, base->clock));
  if (is_new) FillCustomerTables(folder + "/archive");
  base->source = OrStop(base->archive->RegisterSource("bench", "bench"));
  base->keys = MakeKeys(base->archive->interner());  // the same numbers each time
  const auto in_force = OrStop(base->archive->mapping().TakeUp(base->clock.Now()));
  base->mapping = cube::MakeMapping(*base->archive, in_force, base->zone);
  return base;
}

void Make(const std::string& folder, std::int64_t streams, const std::string& export_folder) {
  const auto base = OpenBase(folder);
  Generator generator(base->keys, base->source, 1);
  SegmentFiles segments(folder + "/segments", *base->mapping, base->zone);
  std::optional<Export> exported;
  if (!export_folder.empty()) exported.emplace(export_folder);
  const std::int64_t begin = ToMicros(Month(2015, 1).begin());
  const std::int64_t step = (ToMicros(Month(2015, 1).Plus(kMonths).begin()) - begin) / streams;
  const auto start = std::chrono::steady_clock::now();
  std::vector<model::StreamRow> rows;
  int month = 1;
  for (std::int64_t i = 0; i < streams; i += 2) {
    const UtcTime time = FromMicros(begin + i * step);
    while (time >= Month(2015, 1).Plus(month).begin()) ++month;
    rows.clear();
    generator.Session(time, i, rows);
    for (const model::StreamRow& row : rows) {
      segments.Add(row, month);
      if (exported) exported->Add(row, month, *base->mapping, base->zone);
    }
    if (i % 10'000'000 == 0) fmt::print("{} M after {:.0f} s\n", i / 1'000'000, Seconds(start));
  }
  segments.Finish();
  fmt::print("made {} streams in {:.0f} s\n", streams, Seconds(start));
}

std::uint64_t Fnv(std::string_view text, std::uint64_t hash) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// Lines "caption<TAB>...<TAB>cell...", sorted by their bytes; averages with three decimals.
std::vector<std::string> LinesOf(const cube::CubeQuery& query, const cube::ResultTable& table) {
  std::vector<std::string> lines;
  for (const auto& row : table.rows) {
    std::string& line = lines.emplace_back();
    if (!query.order) {
      for (const std::string& caption : row.captions) line += caption + '\t';
    }
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      if (query.order && c != query.order->measure) continue;
      const cube::Cell& cell = row.cells[c];
      switch (cell.kind) {
        case cube::Cell::Kind::kNull:
          line += "null\t";
          break;
        case cube::Cell::Kind::kInteger:
          line += fmt::format("{}\t", cell.integer);
          break;
        case cube::Cell::Kind::kDecimal:
          line += fmt::format("{:.3f}\t", cell.decimal);
          break;
      }
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string DigestOf(const std::vector<std::string>& lines) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::string& line : lines) hash = Fnv("\n", Fnv(line, hash));
  return fmt::format("{:016x}", hash);
}

void MeasureAll(const cube::Snapshot& snapshot, const char* mark, int runs,
                const std::string& answers) {
  for (const Named& named : Queries()) {
    std::vector<double> times;
    const double cpu = CpuSeconds();
    cube::ResultTable table;
    for (int run = 0; run < runs; ++run) {
      const auto start = std::chrono::steady_clock::now();
      table = OrStop(snapshot.Answer(named.query, {}));
      times.push_back(Seconds(start) * 1e3);
    }
    const double first = times.front();
    std::sort(times.begin(), times.end());
    const auto lines = LinesOf(named.query, table);
    fmt::print("{:6}  {:8.2f}  {:9.3f}  {:9.3f}  {:6.3f}  {}  {}\n", std::string(named.name) + mark,
               first, times.front(), times[static_cast<std::size_t>(runs / 2)],
               (CpuSeconds() - cpu) * 1e3 / runs, table.rows.size(), DigestOf(lines));
    if (!answers.empty()) {
      OrStop(file::WriteDurably(fmt::format("{}/{}{}.tsv", answers, named.name, mark),
                                fmt::format("{}\n", fmt::join(lines, "\n"))));
    }
  }
}

void Measure(const std::string& folder, int runs, int threads, const std::string& answers) {
  const auto base = OpenBase(folder);
  cube::SnapshotParts parts;
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder + "/segments")) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  auto start = std::chrono::steady_clock::now();
  for (const std::string& path : files) {
    parts.segments.push_back({OrStop(cube::CubeSegment::OpenFile(path)), nullptr});
  }
  parts.data_version = 1;
  parts.mapping = base->mapping;
  parts.zone = base->zone;
  parts.threads = threads;
  parts.budget = std::make_shared<cube::MemoryBudget>(std::int64_t{4} << 30);
  const auto budget = parts.budget;
  const cube::CubeOptions defaults;
  cube::SnapshotParts with_rollups = parts;
  with_rollups.rollups = {.segment_rows_min = defaults.rollup_segment_rows_min,
                          .rows_min = *defaults.rollup_rows_min,
                          .rows_per_tuple_min = defaults.rollup_rows_per_tuple_min};
  with_rollups.rollup_budget = std::make_shared<cube::MemoryBudget>(std::int64_t{1} << 30);
  const cube::ColumnarSnapshot snapshot(std::move(parts));
  fmt::print("{} streams, {} segments, {:.1f} bytes a stream, opened in {:.3f} s\n",
             snapshot.row_count(), files.size(),
             static_cast<double>(snapshot.bytes_on_disk()) /
                 static_cast<double>(std::max<std::int64_t>(1, snapshot.row_count())),
             Seconds(start));
  fmt::print("query  first ms   least ms  median ms  cpu ms  rows  digest\n");
  MeasureAll(snapshot, "", runs, answers);
  MeasureAll(cube::ColumnarSnapshot(std::move(with_rollups)), "+", runs, answers);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("codes made for queries: {} MB; peak memory {} MB, most of it mapped files\n",
             budget->taken() >> 20, usage.ru_maxrss / 1024);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 2 ? argv[1] : "";
  const auto number = [&](int at, int missing) {
    return argc > at ? std::atoi(argv[at]) : missing;
  };
  if (command == "make" && argc > 3) {
    Make(argv[2], std::atoll(argv[3]), argc > 4 ? argv[4] : "");
  } else if (command == "measure") {
    Measure(argv[2], number(3, 41), number(4, 2), argc > 5 ? argv[5] : "");
  } else {
    fmt::print(stderr, "cube_scale_bench make FOLDER STREAMS [EXPORT] | measure FOLDER [runs]\n");
    return 2;
  }
  return 0;
}
