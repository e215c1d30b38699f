// The kinds of action, in one place.

#ifndef STANDOFF_SERVER_ACTIONS_ACTION_LIST_H_
#define STANDOFF_SERVER_ACTIONS_ACTION_LIST_H_

// X(Method, field, Request, Response) for each RPC of SocketService: its name,
// its field in v1::Action and v1::ActionReply, and its messages in v1.
#define STANDOFF_FOR_EACH_ACTION(X)                                          \
  X(Open, open, OpenRequest, OpenResponse)                                   \
  X(OpenPair, open_pair, OpenPairRequest, OpenPairResponse)                  \
  X(Duplicate, duplicate, DuplicateRequest, DuplicateResponse)               \
  X(Bind, bind, BindRequest, BindResponse)                                   \
  X(Listen, listen, ListenRequest, ListenResponse)                           \
  X(Connect, connect, ConnectRequest, ConnectResponse)                       \
  X(Accept, accept, AcceptRequest, AcceptResponse)                           \
  X(Send, send, SendRequest, SendResponse)                                   \
  X(Receive, receive, ReceiveRequest, ReceiveResponse)                       \
  X(Shutdown, shutdown, ShutdownRequest, ShutdownResponse)                   \
  X(Close, close, CloseRequest, CloseResponse)                               \
  X(SetBlocking, set_blocking, SetBlockingRequest, SetBlockingResponse)      \
  X(SetTimeout, set_timeout, SetTimeoutRequest, SetTimeoutResponse)          \
  X(SetOption, set_option, SetOptionRequest, SetOptionResponse)              \
  X(GetOption, get_option, GetOptionRequest, GetOptionResponse)              \
  X(Describe, describe, DescribeRequest, DescribeResponse)                   \
  X(Poll, poll, PollRequest, PollResponse)                                   \
  X(Resolve, resolve, ResolveRequest, ResolveResponse)                       \
  X(GetLocalAddress, get_local_address, GetLocalAddressRequest,              \
    GetLocalAddressResponse)                                                 \
  X(GetPeerAddress, get_peer_address, GetPeerAddressRequest,                 \
    GetPeerAddressResponse)                                                  \
  X(GetReceiveQueue, get_receive_queue, GetReceiveQueueRequest,              \
    GetReceiveQueueResponse)                                                 \
  X(GetSendQueue, get_send_queue, GetSendQueueRequest, GetSendQueueResponse) \
  X(IsAtMark, is_at_mark, IsAtMarkRequest, IsAtMarkResponse)                 \
  X(SendBatch, send_batch, SendBatchRequest, SendBatchResponse)              \
  X(ReceiveBatch, receive_batch, ReceiveBatchRequest, ReceiveBatchResponse)  \
  X(List, list, SocketServiceListRequest, SocketServiceListResponse)

#endif  // STANDOFF_SERVER_ACTIONS_ACTION_LIST_H_
