// A bidirectional stream that is kept full.

#ifndef STANDOFF_BENCH_PIPELINED_STREAM_H_
#define STANDOFF_BENCH_PIPELINED_STREAM_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/status.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace standoff::bench {

// Writes messages over and over, without waiting for the replies to earlier
// ones but for the last so many. What is counted are items: a message has one
// or several, and so has a reply. For one run.
template <typename Request, typename Response>
class PipelinedStream final
    : private grpc::ClientBidiReactor<Request, Response> {
 public:
  using Reactor = grpc::ClientBidiReactor<Request, Response>;

  struct Options {
    // Written in turn. Constant during the run, as what is counted.
    std::vector<Request> requests;
    // In each of them.
    int64_t items = 1;
    // How many items may be without a reply.
    int64_t window = 256;
  };

  // `count` tells how many items a reply has.
  PipelinedStream(Options options, int64_t (*count)(const Response&))
      : options_(std::move(options)), count_(count) {}

  // Opens the stream with `open(context, reactor)`, writes for `time`, and
  // waits for the rest of the replies. Returns how many items had a reply, a
  // second.
  template <typename Open>
  double Run(absl::Duration time, Open open) {
    const absl::Time start = absl::Now();
    end_ = start + time;
    open(&context_, static_cast<Reactor*>(this));
    this->StartRead(&response_);
    Do(Next());
    this->StartCall();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return status_.has_value(); });
    return static_cast<double>(answered_) /
           absl::ToDoubleSeconds(last_ - start);
  }

  // How the stream ended.
  const grpc::Status& status() const { return *status_; }

 private:
  enum class Step { kNothing, kWrite, kWritesDone };

  Step Next() {
    std::lock_guard lock(mutex_);
    if (writing_ || closed_) return Step::kNothing;
    if (absl::Now() >= end_) {
      closed_ = true;
      return Step::kWritesDone;
    }
    if (written_ - answered_ + options_.items > options_.window) {
      return Step::kNothing;
    }
    writing_ = true;
    written_ += options_.items;
    return Step::kWrite;
  }

  void Do(Step step) {
    if (step == Step::kWritesDone) this->StartWritesDone();
    if (step != Step::kWrite) return;
    // Only who has set `writing_` comes here.
    const Request& request = options_.requests[next_];
    next_ = (next_ + 1) % options_.requests.size();
    this->StartWrite(&request);
  }

  void OnWriteDone(bool ok) override {
    {
      std::lock_guard lock(mutex_);
      writing_ = false;
      if (!ok) closed_ = true;
    }
    Do(Next());
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    {
      std::lock_guard lock(mutex_);
      answered_ += count_(response_);
      last_ = absl::Now();
    }
    Do(Next());
    this->StartRead(&response_);
  }

  void OnDone(const grpc::Status& status) override {
    std::lock_guard lock(mutex_);
    status_ = status;
    changed_.notify_all();
  }

  const Options options_;
  int64_t (*const count_)(const Response&);
  grpc::ClientContext context_;
  Response response_;
  absl::Time end_;
  // The request to write next.
  size_t next_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by `mutex_`, as is what follows.
  bool writing_ = false;
  bool closed_ = false;
  int64_t written_ = 0;
  int64_t answered_ = 0;
  absl::Time last_;
  std::optional<grpc::Status> status_;
};

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_PIPELINED_STREAM_H_
