import { hub } from "../../../../../../../app.ts";

const serve = ({ request }: { request: Request }): Promise<Response> => hub.fetch(request);
export { serve as GET, serve as HEAD, serve as OPTIONS };
