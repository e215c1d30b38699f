// Checks the theorem of docs/proof.md for small sizes, and that each of its
// premises and conditions is needed.

#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis.pb.h"
#include "tests/model/configurations.h"
#include "tests/model/explorer.h"
#include "tests/model/premises.h"

namespace standoff::model {
namespace {

using ::testing::HasSubstr;

// For docs/proof.md: bazel test --test_output=all.
void Show(const Exploration& exploration) {
  std::cout << exploration.states << " states, " << exploration.proofs
            << " proofs\n"
            << exploration.counterexample << "\n";
}

// In these there is always a premise that does not hold.
bool IsNeverProved(const std::string& name) {
  return name == "HiddenProcess" || name == "Timeout" ||
         name == "SameAddresses";
}

class TheoremTest : public testing::TestWithParam<Configuration> {};

TEST_P(TheoremTest, WhatIsProvedNeverGoesOn) {
  const Exploration exploration = Explore(GetParam(), Needs::All());
  Show(exploration);
  EXPECT_EQ(exploration.counterexample, "");
  EXPECT_EQ(exploration.proofs == 0, IsNeverProved(GetParam().name));
}

INSTANTIATE_TEST_SUITE_P(All, TheoremTest, testing::ValuesIn(Configurations()),
                         [](const auto& test) { return test.param.name; });

// By premise: where its lack is seen.
const std::map<v1::Premise, std::string>& NeededIn() {
  static const auto& needed = *new std::map<v1::Premise, std::string>{
      {v1::PREMISE_TWO_LOOKS, "TwoProcesses"},
      {v1::PREMISE_SAME_CALL, "TwoProcesses"},
      {v1::PREMISE_STILL, "TwoProcesses"},
      {v1::PREMISE_ASLEEP, "Stopped"},
      {v1::PREMISE_NO_TIMEOUT, "Timeout"},
      {v1::PREMISE_NOT_READY, "AsleepElsewhere"},
      {v1::PREMISE_SAME_SOCKET, "ReusedNumber"},
      {v1::PREMISE_ALL_PROCESSES, "HiddenProcess"},
      {v1::PREMISE_NONE_IN_FLIGHT, "Passed"},
      {v1::PREMISE_NOTHING_ASYNCHRONOUS, "TimersAndRings"},
      {v1::PREMISE_EXACT_JOIN, "SameAddresses"},
      {v1::PREMISE_KNOWN_PARTIES, "SharedEnd"},
  };
  return needed;
}

void ExpectCounterexample(const Needs& needs, const std::string& name) {
  const Exploration exploration = Explore(Named(name), needs);
  Show(exploration);
  EXPECT_THAT(exploration.counterexample, HasSubstr("PROVED"));
}

class PremiseTest : public testing::TestWithParam<v1::Premise> {};

TEST_P(PremiseTest, IsNeeded) {
  ASSERT_TRUE(NeededIn().contains(GetParam())) << "a premise without a test";
  Needs needs = Needs::All();
  ASSERT_EQ(needs.premises.erase(GetParam()), 1u);
  ExpectCounterexample(needs, NeededIn().at(GetParam()));
}

std::vector<v1::Premise> AllPremises() {
  const Needs all = Needs::All();
  return {all.premises.begin(), all.premises.end()};
}

INSTANTIATE_TEST_SUITE_P(All, PremiseTest, testing::ValuesIn(AllPremises()),
                         [](const auto& test) {
                           return v1::Premise_Name(test.param);
                         });

TEST(ConditionTest, TablesAreReadAfterThreads) {
  Needs needs = Needs::All();
  needs.conditions.erase(Condition::kTableAfterThreads);
  ExpectCounterexample(needs, "TimersAndRings");
}

TEST(ConditionTest, ListsAreReadAgain) {
  Needs needs = Needs::All();
  needs.conditions.erase(Condition::kListedAgain);
  ExpectCounterexample(needs, "Forks");
}

TEST(ConditionTest, SharedTablesMayHaveChanged) {
  Needs needs = Needs::All();
  needs.conditions.erase(Condition::kSharedTable);
  ExpectCounterexample(needs, "ReusedAndInherited");
}

TEST(ConditionTest, NothingIsPassedDuringTheFirstLook) {
  Needs needs = Needs::All();
  needs.conditions.erase(Condition::kNonePassed);
  ExpectCounterexample(needs, "Passed");
}

}  // namespace
}  // namespace standoff::model
