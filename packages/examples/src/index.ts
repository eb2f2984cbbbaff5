/** The chat room that the example jobs listen to, and what they make of it, for programs that try the engine out. */
export { type ChatBatch, readChatLog, wrongCounts } from "./chat-log.ts";
export { nextMessage } from "./chat-script.ts";
export { type ChatOptions, ChatServer } from "./chat-server.ts";
