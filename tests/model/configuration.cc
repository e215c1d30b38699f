#include "tests/model/configuration.h"

namespace standoff::model {

void Configuration::Allow(std::initializer_list<Act> more) {
  for (const Act act : more) acts |= 1 << act;
}

void Configuration::AddProcess(int host, std::vector<int> table) {
  Process& process = start.processes[processes];
  host_of[processes] = host;
  process.exists = true;
  for (size_t number = 0; number < table.size(); ++number) {
    process.table[number] = static_cast<int8_t>(table[number]);
  }
  ++processes;
}

void Configuration::AddUnborn(int host, int its_acts) {
  AddProcess(host, {});
  start.processes[processes - 1].exists = false;
  AddThread(its_acts).exists = false;
}

Thread& Configuration::AddReceiver(int its_acts) {
  Thread& thread = AddThread(its_acts);
  thread.call = Call::kReceive;
  thread.numbers = Of(0);
  thread.ends = Of(start.processes[processes - 1].table[0]);
  return thread;
}

Thread& Configuration::AddThread(int its_acts) {
  process_of[threads] = processes - 1;
  Thread& thread = start.threads[threads++];
  thread.exists = true;
  thread.acts = static_cast<int8_t>(its_acts);
  return thread;
}

void Configuration::Connect(int host, int other_host) {
  peer_of[ends] = ends + 1;
  peer_of[ends + 1] = ends;
  host_of_end[ends] = host;
  host_of_end[ends + 1] = other_host;
  addresses[ends] = ends;
  addresses[ends + 1] = ends + 1;
  ends += 2;
}

void Configuration::ConnectUnix(int host) {
  Connect(host, host);
  AddAll(is_unix, Of(ends - 2) | Of(ends - 1));
}

Set Configuration::ThreadsOf(int process) const {
  Set its = 0;
  for (int i = 0; i < threads; ++i) {
    if (process_of[i] == process) Add(its, i);
  }
  return its;
}

Set Configuration::Hosts() const {
  Set hosts = 0;
  for (int i = 0; i < processes; ++i) Add(hosts, host_of[i]);
  return hosts;
}

}  // namespace standoff::model
