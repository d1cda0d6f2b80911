// Columns of the QoEMetrics tables, once: C(name, type). The primary key is the first columns of
// each list; CQD_QOE_TABLES tells how many. Names and types: reference/qoe-metrics-schema.md 3 and
// 4; types that cannot be right as printed (there, section 8) are replaced by what the values need.
#pragma once

// clang-format off
#define CQD_QOE_FACT_KEY(C) C(ConferenceDateTime, Time()) C(SessionSeq, Int())
#define CQD_QOE_LINE_KEY(C) CQD_QOE_FACT_KEY(C) C(MediaLineLabel, Tiny())

#define CQD_QOE_DIALOG(C) CQD_QOE_FACT_KEY(C) C(DialogID, Text(256)) C(DialogIDChecksum, Int())

#define CQD_QOE_SESSION(C) \
  CQD_QOE_FACT_KEY(C) C(ConferenceKey, Int()) C(CorrelationKey, Int()) C(DialogCategory, Bit()) \
  C(MediationServerBypassFlag, Bit()) C(MediaBypassWarningFlag, Int()) C(StartTime, Time()) \
  C(EndTime, Time()) C(CallerPool, Int()) C(CalleePool, Int()) C(CalleePAI, Int()) \
  C(CallerURI, Int()) C(CallerEndpoint, Int()) C(CallerUserAgent, Int()) C(CallPriority, Small()) \
  C(ClassifiedPoorCall, Bit()) C(CallerPAI, Int()) C(CalleeEndpoint, Int()) \
  C(CalleeUserAgent, Int()) C(CalleeUri, Int())

#define CQD_QOE_MEDIA_LINE(C) \
  CQD_QOE_LINE_KEY(C) C(ConnectivityIce, Tiny()) C(CallerIceWarningFlags, Int()) \
  C(CalleeIceWarningFlags, Int()) C(Security, Tiny()) C(Transport, Tiny()) C(CallerIPAddr, Int()) \
  C(CallerPort, Int()) C(CallerSubnet, Int()) C(CallerInside, Bit()) C(CallerMacAddress, Int()) \
  C(CallerRelayIPAddr, Int()) C(CallerRelayPort, Int()) C(CallerCaptureDev, Int()) \
  C(CallerRenderDev, Int()) C(CallerCaptureDevDriver, Int()) C(CallerRenderDevDriver, Int()) \
  C(CallerNetworkConnectionType, Tiny()) C(CallerBssid, Int()) C(CallerVPN, Bit()) \
  C(CallerLinkSpeed, Dec(18, 0)) C(CalleeIPAddr, Int()) C(CalleePort, Int()) \
  C(CalleeSubnet, Int()) C(CalleeInside, Bit()) C(CalleeMacAddress, Int()) \
  C(CalleeRelayIPAddr, Int()) C(CalleeRelayPort, Int()) C(CalleeCaptureDev, Int()) \
  C(CalleeRenderDev, Int()) C(CalleeCaptureDevDriver, Int()) C(CalleeRenderDevDriver, Int()) \
  C(CalleeNetworkConnectionType, Tiny()) C(CalleeBssid, Int()) C(CalleeVPN, Bit()) \
  C(CalleeLinkSpeed, Dec(18, 0)) C(ConversationalMOS, Dec(3, 2)) C(AppliedBandwidthLimit, Int()) \
  C(AppliedBandwidthSourceKey, Int()) C(Caller, Bit()) C(Callee, Bit()) C(MidCallReport, Bit()) \
  C(ClassifiedPoorCall, Bit()) C(CallerConnectivityICE, Tiny()) C(CalleeConnectivityICE, Tiny()) \
  C(CallerReflexiveLocalIPAddr, Int()) C(CallerWiFiDriverDevicesDesc, Int()) \
  C(CallerWiFiDriverVersion, Int()) C(CalleReflexiveLocalIPAddr, Int()) \
  C(CalleeWiFiDriverDevicesDesc, Int()) C(CalleeWiFiDriverVersion, Int())

// Columns that AudioStream and VideoStream share, in this order (2013 and later).
#define CQD_QOE_CONGESTION(C) \
  C(LossCongestionPercent, Real()) C(DelayCongestionPercent, Real()) \
  C(ContentionDetectedPercent, Real()) C(BandwidthEstMin, Int()) C(BandwidthEstMax, Int()) \
  C(BandwidthEstStdDev, Int()) C(BandwidthEstAvge, Int())

// The nine columns of one metric of application sharing; GAP_DURATION differs once, as printed.
#define CQD_QOE_NINE(C, prefix, GAP_DURATION) \
  C(prefix##Total, Real()) C(prefix##Average, Real()) C(prefix##Max, Real()) \
  C(prefix##BurstOccurrences, Int()) C(prefix##BurstDensity, Real()) \
  C(prefix##BurstDuration, Real()) C(prefix##GapOccurrences, Int()) C(prefix##GapDensity, Real()) \
  C(prefix##GAP_DURATION, Real())

#define CQD_QOE_AUDIO_STREAM(C) \
  CQD_QOE_LINE_KEY(C) C(StreamID, Int()) C(JitterInterArrival, Int()) \
  C(JitterInterArrivalMax, Int()) C(PacketLossRate, Dec(5, 4)) C(PacketLossRateMax, Dec(5, 4)) \
  C(BurstDensity, Dec(9, 4)) C(BurstDuration, Int()) C(BurstGapDensity, Dec(9, 4)) \
  C(BurstGapDuration, Int()) C(PacketUtilization, Int()) C(BandwidthEst, Int()) \
  C(DegradationAvg, Dec(3, 2)) C(DegradationMax, Dec(3, 2)) C(DegradationJitterAvg, Dec(3, 2)) \
  C(DegradationPacketLossAvg, Dec(3, 2)) C(AudioPayloadDescription, Int()) \
  C(AudioSampleRate, Int()) C(RoundTrip, Int()) C(RoundTripMax, Int()) \
  C(OverallAvgNetworkMOS, Dec(3, 2)) C(OverallMinNetworkMOS, Dec(3, 2)) \
  C(SendListenMOS, Dec(3, 2)) C(SendListenMOSMin, Dec(3, 2)) C(RecvListenMOS, Dec(3, 2)) \
  C(RecvListenMOSMin, Dec(3, 2)) C(AudioFECUsed, Bit()) C(RatioConcealedSamplesAvg, Dec(5, 2)) \
  C(RatioStretchedSamplesAvg, Dec(5, 2)) C(RatioCompressedSamplesAvg, Dec(5, 2)) \
  C(Inbound, Bit()) C(Outbound, Bit()) C(SenderIsCallerPAI, Bit()) \
  C(JitterInterArrivalSD, Real()) C(ConcealRatioMax, Real()) C(ConcealRatioSD, Real()) \
  C(HealerPacketDropRatio, Real()) C(HealerFECPacketUsedRatio, Real()) \
  C(MaxCompressedSamples, Real()) CQD_QOE_CONGESTION(C) \
  CQD_QOE_NINE(C, RelativeOneWay, GapDuration) C(DecodeStereoPercent, Real()) \
  C(AecRenderStereoPercent, Real()) C(AudioPostFECPLR, Real()) C(EncodeStereoPercent, Real()) \
  C(AecCaptureStereoPercent, Real())

#define CQD_QOE_VIDEO_STREAM(C) \
  CQD_QOE_LINE_KEY(C) C(StreamID, Int()) C(VideoPayloadDescription, Int()) \
  C(JitterInterArrival, Int()) C(JitterInterArrivalMax, Int()) C(RoundTrip, Int()) \
  C(RoundTripMax, Int()) C(PacketLossRate, Dec(5, 4)) C(PacketLossRateMax, Dec(5, 4)) \
  C(PacketUtilization, Int()) C(BandwidthEst, Int()) C(VideoResolution, Text(9)) \
  C(VideoBitRateAvg, Int()) C(InboundVideoFrameRateAvg, Dec(9, 4)) \
  C(OutboundVideoFrameRateAvg, Dec(9, 4)) C(VideoBitRateMax, Int()) \
  C(VideoFrameLossRate, Dec(9, 4)) C(VideoFEC, Bit()) \
  C(VideoLocalFrameLossPercentageAvg, Dec(9, 4)) C(CIFQualityRatio, Tiny()) \
  C(VGAQualityRatio, Tiny()) C(HD720QualityRatio, Tiny()) C(NoneDropRatio, Tiny()) \
  C(BDropRatio, Tiny()) C(BPDropRatio, Tiny()) C(BPSPDropRatio, Tiny()) C(BPSPIDropRatio, Tiny()) \
  C(Inbound, Bit()) C(Outbound, Bit()) C(SenderIsCallerPAI, Bit()) CQD_QOE_CONGESTION(C) \
  C(LowBandwidthForMultiview, Real()) CQD_QOE_NINE(C, RelativeOneWay, GapDuration) \
  C(VideoPacketLossRate, Dec(9, 4)) C(VideoAllocateBWAvg, Int()) C(SendCodecTypes, Small()) \
  C(SendResolutionWidth, Int()) C(SendResolutionHeight, Int()) C(SendFrameRateAverage, Real()) \
  C(SendBitRateMaximum, Int()) C(SendBitRateAverage, Int()) C(SendVideoStreamsMax, Int()) \
  C(RecvCodecTypes, Small()) C(RecvResolutionWidth, Int()) C(RecvResolutionHeight, Int()) \
  C(RecvFrameRateAverage, Real()) C(RecvBitRateMaximum, Int()) C(RecvBitRateAverage, Int()) \
  C(RecvVideoStreamsMax, Int()) C(RecvVideoStreamsMin, Int()) C(RecvVideoStreamsMode, Int()) \
  C(VideoPostFECPLR, Real()) C(DynamicCapabilityPercent, Real()) C(ResolutionMin, Text(9)) \
  C(LowBitRateCallPercent, Real()) C(LowFrameRateCallPercent, Real()) \
  C(LowResolutionCallPercent, Real()) C(DurationSeconds, Real()) C(IsAggregatedData, Bit())

#define CQD_QOE_APP_SHARING_STREAM(C) \
  CQD_QOE_LINE_KEY(C) C(StreamID, Int()) C(JitterInterArrival, Int()) \
  C(JitterInterArrivalMax, Int()) C(RoundTrip, Int()) C(RoundTripMax, Int()) \
  C(PacketLossRate, Real()) C(PacketLossRateMax, Real()) C(PacketUtilization, Int()) \
  C(BandwidthEst, Int()) C(AppSharingPayloadDescription, Int()) \
  CQD_QOE_NINE(C, RelativeOneWay, GapDuration) C(ApplicationSharingType, Text(256)) \
  CQD_QOE_NINE(C, RDPTileProcessingLatency, GapDuration) \
  CQD_QOE_NINE(C, CaptureTileRate, GapDuration) CQD_QOE_NINE(C, SpoiledTilePercent, GapDuration) \
  CQD_QOE_NINE(C, ScrapingFrameRate, GapDuration) CQD_QOE_NINE(C, IncomingTileRate, GapDuration) \
  CQD_QOE_NINE(C, IncomingFrameRate, Duration) CQD_QOE_NINE(C, OutgoingTileRate, GapDuration) \
  CQD_QOE_NINE(C, OutgoingFrameRate, GapDuration) C(AverageRectangleHeight, Int()) \
  C(AverageRectangleWidth, Int()) C(Inbound, Bit()) C(Outbound, Bit()) \
  C(SenderIsCallerPAI, Bit())

#define CQD_QOE_AUDIO_SIGNAL(C) \
  CQD_QOE_LINE_KEY(C) C(FromCaller, Bit()) C(SendSignalLevel, Int()) C(RecvSignalLevel, Int()) \
  C(SendNoiseLevel, Int()) C(RecvNoiseLevel, Int()) C(EchoReturn, Int()) \
  C(AudioSpeakerGlitchRate, Int()) C(AudioMicGlitchRate, Int()) \
  C(AudioTimestampDriftRateMic, Dec(9, 2)) C(AudioTimestampDriftRateSpk, Dec(9, 2)) \
  C(AudioTimestampErrorMicMs, Dec(9, 2)) C(AudioTimestampErrorSpkMs, Dec(9, 2)) \
  C(VsEntryCauses, Small()) C(EchoEventCauses, Tiny()) C(EchoPercentMicIn, Dec(5, 2)) \
  C(EchoPercentSend, Dec(5, 2)) C(RxAGCSignalLevel, Int()) C(RxAGCNoiseLevel, Int()) \
  C(RxAvgAGCGain, Int()) C(InitialSignalLevelRMS, Real()) C(RecvSignalLevelCh1, Int()) \
  C(RecvSignalLevelCh2, Int()) C(RecvNoiseLevelCh1, Int()) C(RecvNoiseLevelCh2, Int()) \
  C(SendSignalLevelCh1, Int()) C(SendSignalLevelCh2, Int()) C(SendNoiseLevelCh1, Int()) \
  C(SendNoiseLevelCh2, Int()) C(RenderLoopbackSignalLevel, Int()) C(RenderNoiseLevel, Int())

#define CQD_QOE_AUDIO_CLIENT_EVENT(C) \
  CQD_QOE_LINE_KEY(C) C(FromCaller, Bit()) C(NetworkSendQualityEventRatio, Dec(5, 2)) \
  C(NetworkReceiveQualityEventRatio, Dec(5, 2)) C(NetworkDelayEventRatio, Dec(5, 2)) \
  C(NetworkBandwidthLowEventRatio, Dec(5, 2)) C(CPUInsufficientEventRatio, Dec(5, 2)) \
  C(DeviceHalfDuplexAECEventRatio, Dec(5, 2)) C(DeviceRenderNotFunctioningEventRatio, Dec(5, 2)) \
  C(DeviceCaptureNotFunctioningEventRatio, Dec(5, 2)) C(DeviceGlitchesEventRatio, Dec(5, 2)) \
  C(DeviceLowSNREventRatio, Dec(5, 2)) C(DeviceLowSpeechLevelEventRatio, Dec(5, 2)) \
  C(DeviceClippingEventRatio, Dec(5, 2)) C(DeviceEchoEventRatio, Dec(5, 2)) \
  C(DeviceNearEndToEchoRatioEventRatio, Dec(5, 2)) C(DeviceMultipleEndpointsEventCount, Int()) \
  C(DeviceHowlingEventCount, Int()) C(DeviceRenderZeroVolumeEventRatio, Dec(5, 2)) \
  C(DeviceRenderMuteEventRatio, Dec(5, 2))

#define CQD_QOE_VIDEO_CLIENT_EVENT(C) \
  CQD_QOE_LINE_KEY(C) C(FromCaller, Bit()) C(NetworkBandwidthLowEventRatio, Dec(5, 2)) \
  C(NetworkReceiveQualityEventRatio, Dec(5, 2))

#define CQD_QOE_TRACE_ROUTE(C) \
  CQD_QOE_LINE_KEY(C) C(FromCaller, Bit()) C(Hop, Int()) C(IPAddressKey, Int()) C(RTT, Int())

// Types of the three tables of Rate My Call are not published: chosen by us.
#define CQD_QOE_FEEDBACK(C) \
  CQD_QOE_FACT_KEY(C) C(FromURI, Int()) C(Rating, Int()) C(FeedbackText, NText(1024))
#define CQD_QOE_FEEDBACK_TOKEN(C) \
  CQD_QOE_FACT_KEY(C) C(FromURI, Int()) C(TokenId, Int()) C(TokenValue, Int())
#define CQD_QOE_FEEDBACK_TOKEN_DEF(C) C(TokenId, Int()) C(TokenDescription, NText(256))

#define CQD_QOE_BANDWIDTH_SOURCE(C) \
  C(AppliedBandwidthSourceKey, Int()) C(AppliedBandwidthSource, Text(256))
#define CQD_QOE_CODEC(C) C(CodecDescriptionKey, Small()) C(CodecDescription, Text(256))
#define CQD_QOE_CONFERENCE(C) \
  C(ConferenceKey, Int()) C(ConfURI, NText(450)) C(Checksum, Int()) C(NextUpdateTS, Time())
#define CQD_QOE_DEVICE(C) C(DeviceKey, Int()) C(DeviceName, NText(256)) C(DeviceType, Bit())
#define CQD_QOE_DEVICE_DRIVER(C) C(DeviceDriverKey, Int()) C(DeviceDriver, Text(256))
#define CQD_QOE_ENDPOINT(C) \
  C(EndpointKey, Int()) C(Name, NText(256)) C(OS, NText(128)) C(CPUName, NText(128)) \
  C(CPUNumberOfCores, Small()) C(CPUProcessorSpeed, Int()) C(VirtualizationFlag, Tiny())
#define CQD_QOE_ENDPOINT_SUBNET(C) C(SubnetIP, Int()) C(NextUpdateTS, Time())
#define CQD_QOE_IP_ADDRESS(C) C(IPAddressKey, Int()) C(IPAddress, Text(50))
#define CQD_QOE_MAC_ADDRESS(C) C(MacAddressKey, Int()) C(MacAddress, Text(256))
#define CQD_QOE_CONNECTION(C) \
  C(NetworkConnectionDetailKey, Tiny()) C(NetworkConnectionDetail, Text(256))
#define CQD_QOE_PAYLOAD(C) C(PayloadDescriptionKey, Int()) C(PayloadDescription, NText(256))
#define CQD_QOE_POOL(C) C(PoolKey, Int()) C(PoolName, NText(256))
#define CQD_QOE_SERVER(C) \
  C(ServerKey, Int()) C(FQDNOrIP, NText(256)) C(ServerType, Int()) C(PoolName, NText(512)) \
  C(NextUpdateTS, Time())
#define CQD_QOE_CORRELATION(C) \
  C(CorrelationKey, Int()) C(CorrelationID, NText(256)) C(Checksum, Int()) \
  C(NextUpdateTS, Time())
#define CQD_QOE_USER(C) \
  C(UserKey, Int()) C(URI, NText(450)) C(URIType, Int()) C(TenantKey, Int()) \
  C(LastPoorCallTime, Time()) C(NextUpdateTS, Time())
#define CQD_QOE_USER_AGENT(C) C(UserAgentKey, Int()) C(UserAgent, NText(256)) C(UAType, Int())
#define CQD_QOE_USER_AGENT_DEF(C) C(UAType, Int()) C(UAName, NText(64)) C(UACategory, NText(64))
#define CQD_QOE_REGION(C) C(RegionKey, Int()) C(RegionName, NText(128))
#define CQD_QOE_USER_SITE(C) C(UserSiteKey, Int()) C(UserSiteName, NText(128)) C(RegionKey, Int())
#define CQD_QOE_SUBNET(C) \
  C(SubnetIP, Int()) C(SubnetMask, Int()) C(UserSiteKey, Int()) C(SubnetDescription, NText(512))
#define CQD_QOE_REGION_LINK(C) C(Region1Key, Int()) C(Region2Key, Int())
#define CQD_QOE_SITE_LINK(C) C(UserSite1Key, Int()) C(UserSite2Key, Int())

// Not part of QoEMetrics: one row, where the simulation stands (simulate/writer.h,
// SimulationState).
#define CQD_QOE_STATE(C) \
  C(Id, Int()) C(Seed, Text(20)) C(UserCount, Int()) C(CallsPerWeek, Text(40)) \
  C(BeginTime, Time()) C(WrittenUntil, Time()) C(ConferenceKeysBeforeSlot, Int()) \
  C(CorrelationKeysBeforeSlot, Int()) C(LiveCallsPerSlot, Text(40)) C(LiveFrom, Time())

// T(enumerator, table name, columns, columns of the primary key)
#define CQD_QOE_TABLES(T) \
  T(Dialog, "Dialog", CQD_QOE_DIALOG, 2) \
  T(Session, "Session", CQD_QOE_SESSION, 2) \
  T(MediaLine, "MediaLine", CQD_QOE_MEDIA_LINE, 3) \
  T(AudioStream, "AudioStream", CQD_QOE_AUDIO_STREAM, 4) \
  T(VideoStream, "VideoStream", CQD_QOE_VIDEO_STREAM, 5) \
  T(AppSharingStream, "AppSharingStream", CQD_QOE_APP_SHARING_STREAM, 4) \
  T(AudioSignal, "AudioSignal", CQD_QOE_AUDIO_SIGNAL, 4) \
  T(AudioClientEvent, "AudioClientEvent", CQD_QOE_AUDIO_CLIENT_EVENT, 4) \
  T(VideoClientEvent, "VideoClientEvent", CQD_QOE_VIDEO_CLIENT_EVENT, 4) \
  T(TraceRoute, "TraceRoute", CQD_QOE_TRACE_ROUTE, 5) \
  T(Feedback, "CallQualityFeedback", CQD_QOE_FEEDBACK, 3) \
  T(FeedbackToken, "CallQualityFeedbackToken", CQD_QOE_FEEDBACK_TOKEN, 4) \
  T(FeedbackTokenDef, "CallQualityFeedbackTokenDef", CQD_QOE_FEEDBACK_TOKEN_DEF, 1) \
  T(BandwidthSource, "AppliedBandwidthSource", CQD_QOE_BANDWIDTH_SOURCE, 1) \
  T(CodecDescription, "CodecDescription", CQD_QOE_CODEC, 1) \
  T(Conference, "Conference", CQD_QOE_CONFERENCE, 1) \
  T(Device, "Device", CQD_QOE_DEVICE, 1) \
  T(DeviceDriver, "DeviceDriver", CQD_QOE_DEVICE_DRIVER, 1) \
  T(Endpoint, "Endpoint", CQD_QOE_ENDPOINT, 1) \
  T(EndpointSubnet, "EndpointSubnet", CQD_QOE_ENDPOINT_SUBNET, 1) \
  T(IpAddress, "IPAddress", CQD_QOE_IP_ADDRESS, 1) \
  T(MacAddress, "MacAddress", CQD_QOE_MAC_ADDRESS, 1) \
  T(ConnectionDetail, "NetworkConnectionDetail", CQD_QOE_CONNECTION, 1) \
  T(Payload, "PayloadDescription", CQD_QOE_PAYLOAD, 1) \
  T(Pool, "Pool", CQD_QOE_POOL, 1) \
  T(Server, "Server", CQD_QOE_SERVER, 1) \
  T(Correlation, "SessionCorrelation", CQD_QOE_CORRELATION, 1) \
  T(User, "User", CQD_QOE_USER, 1) \
  T(UserAgent, "UserAgent", CQD_QOE_USER_AGENT, 1) \
  T(UserAgentDef, "UserAgentDef", CQD_QOE_USER_AGENT_DEF, 2) \
  T(Region, "Region", CQD_QOE_REGION, 1) \
  T(UserSite, "UserSite", CQD_QOE_USER_SITE, 1) \
  T(Subnet, "Subnet", CQD_QOE_SUBNET, 1) \
  T(RegionLink, "MonitoredRegionLink", CQD_QOE_REGION_LINK, 2) \
  T(SiteLink, "MonitoredUserSiteLink", CQD_QOE_SITE_LINK, 2) \
  T(State, "OpenCqdSimulation", CQD_QOE_STATE, 1)
// clang-format on
