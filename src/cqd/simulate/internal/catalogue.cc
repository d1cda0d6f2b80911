#include "simulate/internal/catalogue.h"

namespace cqd::simulate {
namespace {

constexpr SiteText kSites[] = {
    {"Hamburg", "HAM", "DE", "HH", "20457", 0, 1, 53.544, 9.993, 0.20, 4},
    {"London", "LON", "GB", "LND", "E14 9SH", 0, 0, 51.505, -0.019, 0.18, 3},
    {"Lyon", "LYO", "FR", "ARA", "69003", 0, 1, 45.760, 4.860, 0.08, 2},
    {"Boston", "BOS", "US", "MA", "02210", 1, -5, 42.351, -71.046, 0.17, 3},
    {"Austin", "AUS", "US", "TX", "78701", 1, -6, 30.267, -97.743, 0.12, 3},
    {"Campinas", "CPQ", "BR", "SP", "13083-970", 1, -3, -22.817, -47.069, 0.05, 1},
    {"Singapore", "SIN", "SG", "", "138632", 2, 8, 1.299, 103.787, 0.10, 2},
    {"Pune", "PNQ", "IN", "MH", "411057", 2, 5, 18.591, 73.738, 0.10, 2},
};

// Building k of a site has word 4 * site + k.
constexpr std::string_view kBuildingWords[] = {
    "Harbour", "Granary",  "Lighthouse", "Dockside", "Wharf",  "Tower",  "Annex",   "Mews",
    "Atelier", "Terrasse", "Pavillon",   "Jardin",   "Pier",   "Mill",   "Seaport", "Arsenal",
    "Foundry", "Depot",    "Ranch",      "Creek",    "Campus", "Torre",  "Vila",    "Praca",
    "Orchid",  "Marina",   "Hub",        "Garden",   "Lotus",  "Banyan", "Ghat",    "Peepal",
};

constexpr AgentText kAgents[] = {
    {"UCCAPI/15.0.4841.1000 OC/15.0.4841.1000 (Skype for Business)", 4, AgentKind::kDesktop, 20},
    {"UCCAPI/16.0.4266.1001 OC/16.0.4266.1001 (Skype for Business)", 4, AgentKind::kDesktop, 25},
    {"UCCAPI/16.0.6965.5308 OC/16.0.6965.2117 (Skype for Business)", 4, AgentKind::kDesktop, 40},
    {"UCCAPI/4.0.7577.4384 OC/4.0.7577.4384 (Microsoft Lync 2010)", 4, AgentKind::kDesktop, 3},
    {"LMC/8.0.6362.223 (Live Meeting Console)", 16, AgentKind::kDesktop, 1},
    {"UCCAPI/16.0.7967.5008 MC/16.17.0 (SfBForMac)", 64, AgentKind::kMac, 70},
    {"MM/14.4.1 (Microsoft Lync for Mac 2011)", 64, AgentKind::kMac, 30},
    {"CPE/4.0.7577.4455 OCPhone/4.0.7577.4455 (Lync Phone Edition)", 8, AgentKind::kDeskPhone, 40},
    {"VVX_600-UA/5.4.1.15932 OCPhone/5.4.1", 8, AgentKind::kDeskPhone, 60},
    {"iPhoneLync/6.9.0.1 (iOS 9.3.2)", 16399, AgentKind::kMobile, 45},
    {"AndroidLync/6.10.0.11 (Android 6.0)", 16400, AgentKind::kMobile, 35},
    {"iPadLync/6.9.0.1 (iOS 9.3.2)", 16401, AgentKind::kMobile, 10},
    {"WPLync/6.4.1234.0 (Windows Phone 8.1)", 16398, AgentKind::kMobile, 8},
    {"NokiaLync/5.4.1.0", 16402, AgentKind::kMobile, 1},
    {"CoMo/3.5.6907.0", 16386, AgentKind::kMobile, 1},
    {"LWA/6.0.9319.88", 16405, AgentKind::kWeb, 1},
    {"LyncImm/6.3.9600.17426 (Windows Store)", 16403, AgentKind::kStore, 1},
    {"Attendant/4.0.7577.0 (Attendant Console)", 128, AgentKind::kAttendant, 1},
    {"RTCC/6.0.0.0 AV-MCU", 2, AgentKind::kServer, 0},
    {"RTCC/6.0.0.0 MediationServer", 1, AgentKind::kServer, 0},
    {"RTCC/6.0.0.0 applicationsharing", 16397, AgentKind::kServer, 0},
    {"Gateway/7.00A.061.003 (Halden SBC 2600)", 32769, AgentKind::kServer, 0},
    {"RTCC/6.0.0.0 Conferencing_Attendant_1.0", 512, AgentKind::kServer, 0},
    {"RTCC/6.0.0.0 Conferencing_Announcement_Service_1.0", 256, AgentKind::kServer, 0},
    {"RTCC/6.0.0.0 Response_Group_Service", 1024, AgentKind::kServer, 0},
    {"RTCC/5.0.0.0 MSExchangeUM/15.00.1178.004", 16393, AgentKind::kServer, 0},
    {"RTCC/6.0.0.0 Call_Park_Service_1.0", 1032, AgentKind::kServer, 0},
};

constexpr DeviceText kDevices[] = {
    {"Headset Microphone (Tonwerk UC 40)", "Headset Earphone (Tonwerk UC 40)", "Tonwerk : 3.2.0.0",
     "Tonwerk : 3.1.4.0", 16},
    {"Headset Microphone (Auricon Duo 2)", "Headset Earphone (Auricon Duo 2)",
     "Auricon : 10.0.14393.0", "Auricon : 10.0.10586.0", 26},
    {"Headset Microphone (Halden Voice 510)", "Headset Earphone (Halden Voice 510)",
     "Halden Audio : 2.7.1.18", "", 18},
    {"Internal Microphone (Kestrel Audio)", "Speakers (Kestrel Audio)",
     "Kestrel Semiconductor : 6.0.1.7525", "Kestrel Semiconductor : 6.0.1.6662", 28},
    {"Echo Cancelling Speakerphone (Halden Room 70)",
     "Echo Cancelling Speakerphone (Halden Room 70)", "Halden Audio : 2.7.1.18", "", 7},
    {"Headset Microphone (Auricon Air BT)", "Headset Earphone (Auricon Air BT)",
     "Auricon Bluetooth : 4.1.0.22", "", 5},
};

constexpr ServerText kServers[] = {
    {ServerRole::kAvMcu, "sfbfe", "RTCC/6.0.0.0 AV-MCU", 3},
    {ServerRole::kSharingMcu, "sfbfe", "RTCC/6.0.0.0 applicationsharing", 2},
    {ServerRole::kMediation, "sfbmed", "RTCC/6.0.0.0 MediationServer", 2},
    {ServerRole::kGateway, "sbc", "Gateway/7.00A.061.003 (Halden SBC 2600)", 2},
    {ServerRole::kConferencingAttendant, "sfbcaa", "RTCC/6.0.0.0 Conferencing_Attendant_1.0", 1},
    {ServerRole::kAnnouncement, "sfbcas", "RTCC/6.0.0.0 Conferencing_Announcement_Service_1.0", 1},
    {ServerRole::kResponseGroup, "sfbrgs", "RTCC/6.0.0.0 Response_Group_Service", 1},
    {ServerRole::kExchangeUm, "exum", "RTCC/5.0.0.0 MSExchangeUM/15.00.1178.004", 1},
    {ServerRole::kCallPark, "sfbcps", "RTCC/6.0.0.0 Call_Park_Service_1.0", 1},
};

constexpr MachineText kMachines[] = {
    {"Windows 10.0.14393 SP: 0.0 Type: 1(Workstation) Suite: 256 Arch: x64", "Kestrel i5-6300U", 4,
     2400},
    {"Windows 10.0.10586 SP: 0.0 Type: 1(Workstation) Suite: 256 Arch: x64", "Kestrel i7-6600U", 4,
     2600},
    {"Windows 6.1.7601 SP: 1.0 Type: 1(Workstation) Suite: 256 Arch: x64", "Kestrel i5-3320M", 4,
     2600},
    {"Windows 6.3.9600 SP: 0.0 Type: 1(Workstation) Suite: 256 Arch: x64", "Kestrel i5-4300U", 4,
     1900},
    {"Windows 6.1.7601 SP: 1.0 Type: 1(Workstation) Suite: 256 Arch: x86", "Kestrel Duo E8400", 2,
     3000},
};

constexpr std::string_view kGivenNames[] = {
    "ada",  "amir",  "anna",  "arjun", "bea",   "carlos", "chen", "clara",  "dev",   "elena",
    "emil", "farah", "felix", "gita",  "hana",  "hugo",   "ines", "ivan",   "jonas", "kaya",
    "lena", "luca",  "maya",  "mila",  "nadia", "noah",   "omar", "paula",  "priya", "rafael",
    "ravi", "rosa",  "sana",  "sofia", "tara",  "theo",   "uma",  "viktor", "wen",   "yara",
};
constexpr std::string_view kFamilyNames[] = {
    "abbott",  "almeida", "bauer",   "berg",   "chandra", "costa",    "diaz",    "dubois",
    "eriksen", "fischer", "garcia",  "green",  "hassan",  "hoffmann", "ito",     "jensen",
    "joshi",   "kaur",    "keller",  "kumar",  "lambert", "lim",      "marin",   "mehta",
    "moreau",  "nair",    "novak",   "okafor", "olsen",   "patel",    "pereira", "quinn",
    "reyes",   "rossi",   "schmidt", "silva",  "singh",   "tan",      "vogel",   "walker",
};

// In the order of enum Codec.
constexpr std::string_view kCodecs[] = {"SILKWide", "G722",    "x-msrta",  "PCMU",
                                        "PCMA",     "x-rtvc1", "X-H264UC", "x-data"};
constexpr std::string_view kBandwidthSources[] = {"Static Max", "API Modality", "TURN",
                                                  "Preference Value"};
constexpr std::string_view kWifiDrivers[] = {"Kestrel Dual Band Wireless-AC 8260",
                                             "18.40.4.2",
                                             "Kestrel Centrino Advanced-N 6205",
                                             "15.11.0.7",
                                             "Brightwave BCM4350",
                                             "7.35.338.0",
                                             "Halden USB Wireless N",
                                             "1027.4.630.2015"};

}  // namespace

std::span<const SiteText> SiteTexts() {
  return kSites;
}
std::span<const std::string_view> BuildingWords() {
  return kBuildingWords;
}
std::span<const AgentText> AgentTexts() {
  return kAgents;
}
std::span<const DeviceText> DeviceTexts() {
  return kDevices;
}
std::span<const ServerText> ServerTexts() {
  return kServers;
}
std::span<const MachineText> MachineTexts() {
  return kMachines;
}
std::span<const std::string_view> GivenNames() {
  return kGivenNames;
}
std::span<const std::string_view> FamilyNames() {
  return kFamilyNames;
}
std::span<const std::string_view> CodecTexts() {
  return kCodecs;
}
std::span<const std::string_view> BandwidthSourceTexts() {
  return kBandwidthSources;
}
std::span<const std::string_view> WifiDriverTexts() {
  return kWifiDrivers;
}
std::string_view RegionName(int region) {
  constexpr std::string_view kNames[] = {"EMEA", "AMER", "APAC"};
  return kNames[region];
}

}  // namespace cqd::simulate
