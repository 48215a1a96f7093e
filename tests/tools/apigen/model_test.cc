#include "tools/apigen/model/model.h"

#include "gmock/gmock.h"

namespace gateway::apigen {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(ReservedTest, RangesMelt) {
  Reserved reserved;
  reserved.AddRange(5, 7);
  reserved.AddNumber(9);
  EXPECT_THAT(reserved.ranges(), ElementsAre(Pair(5, 7), Pair(9, 9)));
  reserved.AddNumber(8);
  EXPECT_THAT(reserved.ranges(), ElementsAre(Pair(5, 9)));
  reserved.AddRange(1, 2);
  reserved.AddRange(2, 20);
  EXPECT_THAT(reserved.ranges(), ElementsAre(Pair(1, 20)));
  reserved.AddNumber(3);
  EXPECT_THAT(reserved.ranges(), ElementsAre(Pair(1, 20)));
}

TEST(NextNumberTest, CountsWhatIsReserved) {
  Reserved reserved;
  EXPECT_EQ(NextNumber(std::vector<Field>(), reserved), 1);
  reserved.AddNumber(4);
  EXPECT_EQ(NextNumber(std::vector<Field>(), reserved), 5);
  reserved.AddRange(536870000, 536870911);
  EXPECT_EQ(NextNumber(std::vector<Field>(), reserved), 5);
}

TEST(NextNumberTest, SkipsProtobufsOwn) {
  Reserved reserved;
  reserved.AddNumber(18999);
  EXPECT_EQ(NextNumber(std::vector<Field>(), reserved), 20000);
  EXPECT_EQ(NextNumber(std::vector<EnumValue>(), reserved), 19000);
}

}  // namespace
}  // namespace gateway::apigen
