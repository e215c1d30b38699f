#include "lib/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/timeout.h"

namespace standoff {
namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

class SocketKindTest : public ::testing::TestWithParam<SocketKind> {};

INSTANTIATE_TEST_SUITE_P(All, SocketKindTest, ::testing::ValuesIn(AllKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(SocketKindTest, OpensBlockingAndCloseOnExec) {
  const auto [family, type] = std::pair(GetParam().family, GetParam().type);
  const Result<Socket> opened = Socket::Open(family, type);
  const Socket& socket = opened.value;
  EXPECT_THAT(opened, Returned(0));
  EXPECT_STREQ(opened.outcome.syscall, "socket");
  EXPECT_EQ(socket.family(), family);
  EXPECT_EQ(socket.type(), type);
  EXPECT_EQ(socket.timeout(), kBlocking);
  EXPECT_FALSE(HasNonBlockFlag(socket));
  EXPECT_EQ(fcntl(socket.fd(), F_GETFD), FD_CLOEXEC);
}

TEST_P(SocketKindTest, OpensNonBlockingIfAsked) {
  Socket socket =
      Must(Socket::Open(GetParam().family, GetParam().type | SOCK_NONBLOCK));
  EXPECT_EQ(socket.type(), GetParam().type);
  EXPECT_EQ(socket.timeout(), kNonBlocking);
  EXPECT_TRUE(HasNonBlockFlag(socket));
}

TEST_P(SocketKindTest, ModeIsTheFlag) {
  Socket socket = OpenSocket(GetParam());
  EXPECT_THAT(socket.SetTimeout(absl::Milliseconds(1500)), Returned(0));
  EXPECT_EQ(socket.timeout(), absl::Milliseconds(1500));
  EXPECT_TRUE(HasNonBlockFlag(socket));
  EXPECT_THAT(socket.SetTimeout(kBlocking), Returned(0));
  EXPECT_EQ(socket.timeout(), std::nullopt);
  EXPECT_FALSE(HasNonBlockFlag(socket));
  EXPECT_THAT(socket.SetTimeout(kNonBlocking), Returned(0));
  EXPECT_EQ(socket.timeout(), absl::ZeroDuration());
  EXPECT_TRUE(HasNonBlockFlag(socket));
  EXPECT_THAT(socket.SetBlocking(true), Returned(0));
  EXPECT_EQ(socket.timeout(), std::nullopt);
  EXPECT_FALSE(HasNonBlockFlag(socket));
  EXPECT_THAT(socket.SetBlocking(false), Returned(0));
  EXPECT_EQ(socket.timeout(), absl::ZeroDuration());
  EXPECT_TRUE(HasNonBlockFlag(socket));
}

TEST_P(SocketKindTest, DuplicateIsTheSameWithItsTimeout) {
  Socket socket = OpenSocket(GetParam());
  socket.SetTimeout(absl::Milliseconds(1500));
  Result<Socket> duplicate = socket.Duplicate();
  ASSERT_THAT(duplicate, Returned(0));
  EXPECT_STREQ(duplicate.outcome.syscall, "fcntl");
  Socket& other = duplicate.value;
  EXPECT_NE(other.fd(), socket.fd());
  EXPECT_EQ(fcntl(other.fd(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(Inode(other), Inode(socket));
  EXPECT_EQ(other.family(), socket.family());
  EXPECT_EQ(other.type(), socket.type());
  EXPECT_EQ(other.protocol(), socket.protocol());
  EXPECT_EQ(other.timeout(), absl::Milliseconds(1500));
  other.SetBlocking(true);
  EXPECT_EQ(socket.timeout(), absl::Milliseconds(1500));
  EXPECT_FALSE(HasNonBlockFlag(socket));
}

TEST_P(SocketKindTest, OfAProcessIsTheSame) {
  Socket socket = OpenSocket(GetParam());
  socket.SetBlocking(false);
  const Result<Socket> taken = Socket::FromProcess(getpid(), socket.fd());
  ASSERT_THAT(taken, Returned(0));
  const Socket& other = taken.value;
  EXPECT_NE(other.fd(), socket.fd());
  EXPECT_EQ(fcntl(other.fd(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(Inode(other), Inode(socket));
  EXPECT_EQ(other.family(), socket.family());
  EXPECT_EQ(other.type(), socket.type());
  EXPECT_EQ(other.protocol(), socket.protocol());
  EXPECT_EQ(other.timeout(), kNonBlocking);
}

TEST(SocketTest, OfAProcessThatHasNoSuchSocket) {
  int pipe_fds[2];
  ASSERT_EQ(pipe2(pipe_fds, O_CLOEXEC), 0);
  EXPECT_THAT(Socket::FromProcess(getpid(), pipe_fds[0]),
              FailedWith(ENOTSOCK, "getsockopt"));
  close(pipe_fds[0]);
  // What was taken was given back, so nobody can read from it any more.
  pollfd writer = {.fd = pipe_fds[1], .events = POLLOUT, .revents = 0};
  EXPECT_EQ(poll(&writer, 1, 0), 1);
  EXPECT_NE(writer.revents & POLLERR, 0);
  close(pipe_fds[1]);
  constexpr int kNone = 1 << 30;
  EXPECT_THAT(Socket::FromProcess(getpid(), kNone),
              FailedWith(EBADF, "pidfd_getfd"));
  // No process has so high an id (PID_MAX_LIMIT).
  EXPECT_THAT(Socket::FromProcess(kNone, 0), FailedWith(ESRCH, "pidfd_open"));
}

TEST(SocketTest, NothingHasNoDuplicate) {
  EXPECT_THAT(Socket().Duplicate(), FailedWith(EBADF, "fcntl"));
}

TEST_P(SocketKindTest, PairIsConnected) {
  SocketPair pair = ConnectedPair(GetParam());
  EXPECT_TRUE(pair.a.PeerAddress().ok());
  EXPECT_EQ(pair.a.PeerAddress().value, AddressOf(pair.b));
  EXPECT_EQ(pair.b.PeerAddress().value, AddressOf(pair.a));
  EXPECT_EQ(pair.b.timeout(), kBlocking);
  EXPECT_EQ(pair.b.type(), GetParam().type);
  EXPECT_EQ(pair.b.protocol(), pair.a.protocol());
}

TEST(SocketTest, KeepsOtherFlags) {
  Socket socket = OpenSocket(kTcp4);
  ASSERT_EQ(fcntl(socket.fd(), F_SETFL, O_ASYNC), 0);
  Must(socket.SetBlocking(false));
  EXPECT_NE(fcntl(socket.fd(), F_GETFL) & O_ASYNC, 0);
  Must(socket.SetBlocking(true));
  EXPECT_NE(fcntl(socket.fd(), F_GETFL) & O_ASYNC, 0);
}

// No timeout above zero is taken for none at all, and the longest is kept.
TEST(SocketTest, KeepsTimeoutsOfAnyLength) {
  Socket socket = OpenSocket(kTcp4);
  for (const absl::Duration timeout :
       {absl::Nanoseconds(1), absl::Nanoseconds(1'000'000'001),
        *TimeoutFromSeconds(kMaxTimeoutSeconds)}) {
    Must(socket.SetTimeout(timeout));
    EXPECT_EQ(socket.timeout(), timeout);
  }
  Must(socket.SetTimeout(absl::Nanoseconds(1) / 4));
  EXPECT_EQ(socket.timeout(), absl::Nanoseconds(1));
  EXPECT_THAT(socket.SetTimeout(-absl::Nanoseconds(1)), FailedWith(EINVAL, ""));
  EXPECT_EQ(socket.timeout(), absl::Nanoseconds(1));
  Must(socket.SetTimeout(absl::InfiniteDuration()));
  EXPECT_GE(socket.timeout(), absl::Hours(24 * 365 * 290));
}

TEST(SocketTest, KnowsItsProtocol) {
  EXPECT_EQ(OpenSocket(kTcp4).protocol(), IPPROTO_TCP);
  EXPECT_EQ(OpenSocket(kUdp6).protocol(), IPPROTO_UDP);
  EXPECT_EQ(OpenSocket(kUnixStream).protocol(), 0);
  EXPECT_EQ(Must(Socket::Open(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE)).protocol(),
            IPPROTO_UDPLITE);
}

TEST(SocketTest, OpenFailsAsTheKernelSays) {
  EXPECT_THAT(Socket::Open(12345, SOCK_STREAM),
              FailedWith(EAFNOSUPPORT, "socket"));
  EXPECT_THAT(Socket::Open(AF_INET, 99), FailedWith(EINVAL, "socket"));
  EXPECT_THAT(Socket::Open(AF_INET, SOCK_SEQPACKET),
              FailedWith(ESOCKTNOSUPPORT, "socket"));
  EXPECT_THAT(Socket::Open(AF_INET, SOCK_STREAM, IPPROTO_UDP),
              FailedWith(EPROTONOSUPPORT, "socket"));
  EXPECT_THAT(Socket::OpenPair(AF_INET, SOCK_STREAM),
              FailedWith(EOPNOTSUPP, "socketpair"));
  EXPECT_FALSE(Socket::Open(12345, SOCK_STREAM).value.is_open());
}

TEST(SocketTest, RunningOutOfDescriptorsIsAnOutcome) {
  rlimit old_limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
  Socket listener = Listener(kTcp4);
  Socket client = OpenSocket(kTcp4);
  Must(client.Connect(AddressOf(listener)));
  Socket first_free = OpenSocket(kTcp4);
  rlimit limit = old_limit;
  limit.rlim_cur = static_cast<rlim_t>(first_free.fd());
  first_free = Socket();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  const Outcome opened = Socket::Open(AF_INET, SOCK_STREAM).outcome;
  const Outcome pair = Socket::OpenPair(AF_UNIX, SOCK_STREAM).outcome;
  const Outcome accepted = listener.Accept().outcome;
  // Back before anything is looked at: sanitizers need descriptors, too.
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old_limit), 0);
  EXPECT_THAT(opened, FailedWith(EMFILE, "socket"));
  EXPECT_THAT(pair, FailedWith(EMFILE, "socketpair"));
  EXPECT_THAT(accepted, FailedWith(EMFILE, "accept4"));
  // The connection was not lost.
  EXPECT_THAT(listener.Accept(), Returned());
}

TEST(SocketTest, NoSocketFailsWithEbadf) {
  Socket none;
  EXPECT_FALSE(none.is_open());
  EXPECT_EQ(none.fd(), -1);
  EXPECT_THAT(none.SetBlocking(false), FailedWith(EBADF, "fcntl"));
  EXPECT_EQ(none.timeout(), kBlocking);
  EXPECT_THAT(none.Bind(Address()), FailedWith(EBADF, "bind"));
  EXPECT_THAT(none.Listen(1), FailedWith(EBADF, "listen"));
  EXPECT_THAT(none.Connect(Address()), FailedWith(EBADF, "connect"));
  EXPECT_THAT(none.Accept(), FailedWith(EBADF, "accept4"));
  EXPECT_THAT(none.Shutdown(SHUT_RDWR), FailedWith(EBADF, "shutdown"));
  EXPECT_THAT(none.LocalAddress(), FailedWith(EBADF, "getsockname"));
  EXPECT_THAT(none.PeerAddress(), FailedWith(EBADF, "getpeername"));
  EXPECT_TRUE(none.LocalAddress().value.empty());
  EXPECT_THAT(none.Close(), FailedWith(EBADF, "close"));
}

TEST(SocketTest, MovesItsDescriptorAndMode) {
  Socket a = OpenSocket(kTcp6);
  Must(a.SetTimeout(absl::Seconds(3)));
  const int fd = a.fd();
  Socket b = std::move(a);
  EXPECT_EQ(b.fd(), fd);
  EXPECT_EQ(b.family(), AF_INET6);
  EXPECT_EQ(b.type(), SOCK_STREAM);
  EXPECT_EQ(b.protocol(), IPPROTO_TCP);
  EXPECT_EQ(b.timeout(), absl::Seconds(3));
  Socket c = OpenSocket(kTcp4);
  const int old_fd = c.fd();
  c = std::move(b);
  EXPECT_EQ(c.fd(), fd);
  EXPECT_EQ(c.timeout(), absl::Seconds(3));
  EXPECT_FALSE(IsOpen(old_fd));
  EXPECT_TRUE(IsOpen(fd));
  Socket& same = c;
  c = std::move(same);
  EXPECT_EQ(c.fd(), fd);
}

TEST(SocketTest, ClosesOnDestruction) {
  int fd;
  {
    Socket socket = OpenSocket(kUdp4);
    fd = socket.fd();
    EXPECT_TRUE(IsOpen(fd));
  }
  EXPECT_FALSE(IsOpen(fd));
}

TEST(SocketTest, BindFailsAsTheKernelSays) {
  Socket first = Listener(kTcp4);
  EXPECT_THAT(OpenSocket(kTcp4).Bind(AddressOf(first)),
              FailedWith(EADDRINUSE, "bind"));
  EXPECT_THAT(OpenSocket(kTcp4).Bind(*Address::Ip("192.0.2.1", 0)),
              FailedWith(EADDRNOTAVAIL, "bind"));
  EXPECT_THAT(OpenSocket(kUnixStream).Bind(*Address::UnixPath("/no/such/x")),
              FailedWith(ENOENT, "bind"));
  EXPECT_THAT(first.Bind(AddressOf(first)), FailedWith(EINVAL, "bind"));
}

TEST(SocketTest, ListenFailsAsTheKernelSays) {
  EXPECT_THAT(OpenSocket(kUdp4).Listen(1), FailedWith(EOPNOTSUPP, "listen"));
  EXPECT_THAT(OpenSocket(kUnixDatagram).Listen(1),
              FailedWith(EOPNOTSUPP, "listen"));
}

TEST(SocketTest, ShutdownFailsAsTheKernelSays) {
  EXPECT_THAT(OpenSocket(kTcp4).Shutdown(SHUT_WR),
              FailedWith(ENOTCONN, "shutdown"));
  EXPECT_THAT(OpenSocket(kTcp4).Shutdown(17), FailedWith(EINVAL, "shutdown"));
  SocketPair pair = ConnectedPair(kTcp4);
  EXPECT_THAT(pair.a.Shutdown(SHUT_RDWR), Returned(0));
}

TEST(SocketTest, PeerAddressFailsWithoutAPeer) {
  const Result<Address> peer = OpenSocket(kTcp4).PeerAddress();
  EXPECT_THAT(peer, FailedWith(ENOTCONN, "getpeername"));
  EXPECT_TRUE(peer.value.empty());
}

TEST(SocketTest, OutcomesTellTheirTimes) {
  const absl::Time before = absl::Now();
  const int64_t before_ns = MonotonicNanoseconds();
  const Outcome outcome = Socket::Open(AF_INET, SOCK_STREAM).outcome;
  const int64_t after_ns = MonotonicNanoseconds();
  EXPECT_GE(outcome.start_time, before);
  EXPECT_LE(outcome.start_time, absl::Now());
  EXPECT_GE(outcome.start_monotonic_ns, before_ns);
  EXPECT_LE(outcome.start_monotonic_ns, after_ns);
  EXPECT_GE(outcome.blocked, absl::ZeroDuration());
  EXPECT_GE(outcome.elapsed, outcome.blocked);
  EXPECT_LE(outcome.elapsed, absl::Nanoseconds(after_ns - before_ns));
}

}  // namespace
}  // namespace standoff
