// The published classification of audio streams as SQL over a QoEMetrics database: a second, plain
// way to the numbers that the product must answer.
#pragma once

namespace cqd::test {

/// One row a month ("2026-09"): audio streams, good, unclassified, poor, good JPDR, poor JPDR.
/// Rules: reference/cube-model.md 3.1 (limits, whole leg, JPDR without concealed samples, the leg's
/// flag where no metric came), ingest-formats.md 17 (a client's clock more than two days off gives
/// way to the session time).
inline constexpr const char* kAudioByMonth = R"(
WITH judged AS (
  SELECT ConferenceDateTime, SessionSeq, MediaLineLabel,
    CASE WHEN DegradationAvg > 1.0 OR RoundTrip > 500 OR PacketLossRate > 0.1
           OR JitterInterArrival > 30 THEN 2
         WHEN coalesce(DegradationAvg, RoundTrip, PacketLossRate, JitterInterArrival) IS NOT NULL
         THEN 1 ELSE 0 END AS jpdr,
    CASE WHEN RatioConcealedSamplesAvg > 0.07 THEN 2
         WHEN RatioConcealedSamplesAvg IS NOT NULL THEN 1 ELSE 0 END AS concealed
  FROM AudioStream),
leg AS (
  SELECT ConferenceDateTime, SessionSeq, MediaLineLabel, max(jpdr) AS jpdr,
    max(max(jpdr, concealed)) AS standard, count(*) AS streams
  FROM judged GROUP BY 1, 2, 3),
known AS (
  SELECT leg.streams, leg.jpdr,
    CASE WHEN standard = 0 THEN coalesce(line.ClassifiedPoorCall + 1, 0) ELSE standard END AS class,
    strftime('%Y-%m', CASE WHEN call.StartTime IS NULL OR
      abs(julianday(call.StartTime) - julianday(call.ConferenceDateTime)) > 2
      THEN call.ConferenceDateTime ELSE call.StartTime END) AS month
  FROM leg JOIN MediaLine line USING (ConferenceDateTime, SessionSeq, MediaLineLabel)
    JOIN Session call USING (ConferenceDateTime, SessionSeq))
SELECT month, sum(streams), sum(streams * (class = 1)), sum(streams * (class = 0)),
  sum(streams * (class = 2)), sum(streams * (jpdr = 1)), sum(streams * (jpdr = 2))
FROM known GROUP BY 1 ORDER BY 1)";

}  // namespace cqd::test
