// Promises: the whole published table of agent types; servers and mobile clients as listed; agent
// strings of real products are recognised.
#include <gtest/gtest.h>

#include <set>

#include "model/mapping.h"

namespace cqd::model {
namespace {

TEST(AgentOfType, PublishedTable) {
  struct Row {
    int type;
    const char* name;
    const char* category;
  };
  const Row rows[] = {{1, "MediationServer", "MediationServer"},
                      {2, "AV-MCU", "AV-MCU"},
                      {4, "OC", "OC"},
                      {8, "OCPhone", "OCPhone"},
                      {16, "LMC", "LMC"},
                      {32, "DVT", "DVT"},
                      {64, "MM", "MM"},
                      {128, "Attendant", "Attendant"},
                      {256, "Conferencing_Announcement_Service_1.0", "CAS"},
                      {512, "Conferencing_Attendant_1.0", "CAA"},
                      {1024, "Response_Group_Service", "RGS"},
                      {1032, "Call_Park_Service_1.0", "CPS"},
                      {1040, "Response_Group_Service Announcement_Service", "AS"},
                      {2048, "Microsoft.Rtc.Applications.Ccs", "CCS"},
                      {16386, "CoMo", "CoMo"},
                      {16387, "CWA", "CWA"},
                      {16388, "InboundRouting", "InboundRouting"},
                      {16389, "ComoSvc", "ComoSvc"},
                      {16393, "MSExchangeUM", "ExUM"},
                      {16395, "ArchivingAgent", "ARCHAGENT"},
                      {16396, "ST", "ST"},
                      {16397, "applicationsharing", "ASMCU"},
                      {16398, "WPLync", "WPLync"},
                      {16399, "iPhoneLync", "iPhoneLync"},
                      {16400, "AndroidLync", "AndroidLync"},
                      {16401, "iPadLync", "iPadLync"},
                      {16402, "NokiaLync", "NokiaLync"},
                      {16403, "LyncImm", "LyncImm"},
                      {16404, "PCS", "PCS"},
                      {16405, "LWA", "LWA"},
                      {16406, "OWA", "OWA"},
                      {16407, "AOC", "AOC"},
                      {16408, "GCC", "GCC"},
                      {16409, "IMMCU", "IMMCU"},
                      {16410, "XmppTGW", "XmppGateway"},
                      {32769, "Gateway", "Gateway"},
                      {32770, "GatewayMediationServerPair", "GatewayMediationServerPair"}};
  const std::set<int> servers = {1,     2,     256,   512,   1024,  1032,  1040,  2048,
                                 16388, 16393, 16395, 16397, 16409, 16410, 32769, 32770};
  const std::set<int> mobiles = {16386, 16398, 16399, 16400, 16401, 16402};
  for (const Row& row : rows) {
    const AgentInfo info = AgentOfType(row.type, "");
    EXPECT_EQ(info.type, row.type);
    EXPECT_EQ(info.name, row.name);
    EXPECT_EQ(info.category, row.category);
    EXPECT_EQ(info.is_server, servers.contains(row.type)) << row.name;
    EXPECT_EQ(info.is_mobile, mobiles.contains(row.type)) << row.name;
  }
}

TEST(AgentOfType, AgentStringChoosesBetweenTwoNames) {
  EXPECT_EQ(AgentOfType(64, "UCCAPI/4.0 MC/14.0.8321 (Microsoft Lync for Mac)").name, "MC");
  EXPECT_EQ(AgentOfType(64, "MM/1.0").name, "MM");
  EXPECT_EQ(AgentOfType(64, "something else").name, "MM");
  EXPECT_EQ(AgentOfType(64, "MC/14").category, "MM");
  EXPECT_EQ(AgentOfType(512, "RTCC/5.0.0.0 Conference_Auto_Attendant_1.0").name,
            "Conference_Auto_Attendant_1.0");
  EXPECT_EQ(AgentOfType(512, "RTCC/5.0.0.0 Conferencing_Attendant_1.0").name,
            "Conferencing_Attendant_1.0");
}

TEST(AgentOfType, UnknownTypeIsANamelessClient) {
  for (const int type : {0, 3, 16394, -1, 70000}) {
    const AgentInfo info = AgentOfType(type, "OC/15.0");
    EXPECT_EQ(info.type, type);
    EXPECT_EQ(info.name, "");
    EXPECT_FALSE(info.is_server);
    EXPECT_FALSE(info.is_mobile);
  }
}

TEST(AgentOfText, RecognisesProducts) {
  EXPECT_EQ(AgentOfText("UCCAPI/15.0.4753.1000 OC/15.0.4753.1000 (Skype for Business)").type, 4);
  EXPECT_EQ(AgentOfText("RTCC/5.0.0.0 AV-MCU/5.0.8308.920").type, 2);
  EXPECT_EQ(AgentOfText("RTCC/5.0.0.0 AV-MCU").type, 2);
  EXPECT_EQ(AgentOfText("RTCC/6.0.0.0 MediationServer").type, 1);
  EXPECT_EQ(AgentOfText("CPE/4.0.7577.4066 OCPhone/4.0.7577.4066").type, 8);
  EXPECT_EQ(AgentOfText("RTCC/5.0.0.0 Conferencing_Attendant_1.0").type, 512);
  EXPECT_EQ(AgentOfText("Response_Group_Service Announcement_Service").type, 1040);
  EXPECT_EQ(AgentOfText("RTCC/5.0.0.0 Response_Group_Service").type, 1024);
  EXPECT_EQ(AgentOfText("UCWA/6.0 iphonelync/6.1").type, 16399);
  EXPECT_EQ(AgentOfText("RTCC/6.0.0.0 MSExchangeUM/15.0").type, 16393);
}

TEST(AgentOfText, CloudConnectorIsAMediationServerWithItsOwnCategory) {
  const AgentInfo info = AgentOfText("RTCC/6.0.0.0 CCE-MediationServer");
  EXPECT_EQ(info.type, 1);
  EXPECT_EQ(info.name, "MediationServer");
  EXPECT_EQ(info.category, "CCE-MediationServer");
  EXPECT_TRUE(info.is_server);
}

TEST(AgentOfText, ForeignProductsAreUnknown) {
  for (const char* agent :
       {"", "PolycomVVX-VVX_500-UA/5.3.0", "snom821/873_19_20130321", "Yealink SIP-T41P 36.80.0.95",
        "Cisco-SIPGateway/IOS-15.5.3.M5", "oc", "DOC/1", "OC", "RTCC/5.0.0.0 ATS/1.0.100"}) {
    EXPECT_EQ(AgentOfText(agent).type, 0) << agent;
  }
}

}  // namespace
}  // namespace cqd::model
