/** The chat room that the example jobs listen to, for programs that need something to listen to. */
export { nextMessage } from "./chat-script.ts";
export { type ChatOptions, ChatServer } from "./chat-server.ts";
