// The same question to several hosts.

#ifndef STANDOFF_CLIENT_CLI_ASK_ALL_H_
#define STANDOFF_CLIENT_CLI_ASK_ALL_H_

#include <functional>
#include <future>
#include <type_traits>
#include <vector>

namespace standoff::client {

// Calls `ask` with each of the hosts, each in a thread of its own, since one
// that can't be reached takes its time. Returns the answers in the hosts' order
// when all are there.
template <typename Host, typename Ask>
auto AskAll(std::vector<Host>& hosts, const Ask& ask) {
  using Answer = std::invoke_result_t<const Ask&, Host&>;
  std::vector<std::future<Answer>> asked;
  for (Host& host : hosts) {
    asked.push_back(
        std::async(std::launch::async, [&ask, &host] { return ask(host); }));
  }
  std::vector<Answer> answers;
  for (std::future<Answer>& answer : asked) answers.push_back(answer.get());
  return answers;
}

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_ASK_ALL_H_
