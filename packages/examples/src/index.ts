/** The chat room that the example jobs read, and a parser of their output, for programs that try out the engine. */
export { type ChatBatch, readChatLog, wrongCounts } from "./chat-log.ts";
export { nextMessage } from "./chat-script.ts";
export { type ChatOptions, ChatServer } from "./chat-server.ts";
