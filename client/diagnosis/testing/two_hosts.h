// Two hosts with one connection, written by hand.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_TESTING_TWO_HOSTS_H_
#define STANDOFF_CLIENT_DIAGNOSIS_TESTING_TWO_HOSTS_H_

#include "client/diagnosis/testing/host_maker.h"
#include "client/diagnosis/testing/must_diagnose.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis.pb.h"
#include "standoff/v1/socket.pb.h"

namespace standoff::client {

// Two hosts with one TCP connection: `a` on left, `b` on right.
class TwoHosts : public ::testing::Test {
 protected:
  TwoHosts()
      : a_(left_.AddTcp("a", "10.0.0.1:1000", "10.0.0.2:80")),
        b_(right_.AddTcp("b", "10.0.0.2:80", "10.0.0.1:1000")) {}

  v1::Diagnosis Twice() const {
    return MustDiagnose({left_.Twice(), right_.Twice()});
  }

  HostMaker left_{"left", {"10.0.0.1"}};
  HostMaker right_{"right", {"10.0.0.2"}};
  v1::SocketDescription& a_;
  v1::SocketDescription& b_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_TESTING_TWO_HOSTS_H_
